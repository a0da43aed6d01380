{{/* SPDX-License-Identifier: Apache-2.0 */}}
{{/* Names, labels and the values that several templates need. */}}

{{- define "tidewaiter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 50 | trimSuffix "-" }}
{{- end }}

{{/* The release's name, which is in the names of all objects; "tidewaiter" once is enough. */}}
{{- define "tidewaiter.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "tidewaiter.name" .) .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "tidewaiter.name" .) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "tidewaiter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tidewaiter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "tidewaiter.labels" -}}
{{ include "tidewaiter.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "tidewaiter.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (ternary (include "tidewaiter.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "tidewaiter.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end }}
{{- end }}

{{- define "tidewaiter.priorityClass" -}}
{{- ternary (include "tidewaiter.fullname" .) .Values.priorityClass.name .Values.priorityClass.create }}
{{- end }}

{{/* The Secret with the serving certificate. */}}
{{- define "tidewaiter.certificateSecret" -}}
{{- if eq .Values.certificates.mode "secret" }}
{{- .Values.certificates.secret.name }}
{{- else }}
{{- include "tidewaiter.fullname" . }}-tls
{{- end }}
{{- end }}

{{- define "tidewaiter.isSelfManaged" -}}
{{- if eq .Values.certificates.mode "selfManaged" }}true{{ end }}
{{- end }}

{{- define "tidewaiter.hasDocuments" -}}
{{- if or .Values.policies.shipped .Values.policies.documents }}true{{ end }}
{{- end }}

{{/* The ConfigMap with policies that the replicas mount; empty when there is none. */}}
{{- define "tidewaiter.policyConfigMap" -}}
{{- if .Values.policies.existingConfigMap }}
{{- .Values.policies.existingConfigMap }}
{{- else if and (include "tidewaiter.hasDocuments" .) (not .Values.policies.asResources) }}
{{- include "tidewaiter.fullname" . }}-policies
{{- end }}
{{- end }}

{{/* {items: [PodPolicy ...]}: shipped and own ones, as `mode` has them. */}}
{{- define "tidewaiter.policies" -}}
{{- $items := list }}
{{- range .Values.policies.shipped }}
{{- $items = append $items ($.Files.Get (printf "policies/%s.yaml" .) | fromYaml) }}
{{- end }}
{{- range .Values.policies.documents }}
{{- $items = append $items (deepCopy .) }}
{{- end }}
{{- $names := dict }}
{{- range $items }}
{{- if hasKey $names .metadata.name }}
{{- fail (printf "policies: two of them have the name %q" .metadata.name) }}
{{- end }}
{{- $_ := set $names .metadata.name true }}
{{- if ne $.Values.mode "enforce" }}
{{- $isObserving := eq $.Values.mode "observe" }}
{{- if or $isObserving (ne (.spec.mode | default "enforce") "audit") }}
{{- $_ := set .spec "mode" (ternary "audit" "warn" $isObserving) }}
{{- end }}
{{- range $id, $control := (.spec.controls | default dict) }}
{{- if and (kindIs "map" $control) (hasKey $control "mode") }}
{{- if or $isObserving (eq $control.mode "enforce") }}
{{- $_ := unset $control "mode" }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- toYaml (dict "items" $items) }}
{{- end }}

{{/* Conditions of one door: the default ones and the values' own. Takes root, door. */}}
{{- define "tidewaiter.matchConditions" -}}
{{- $conditions := list }}
{{- if .root.Values.webhook.defaultMatchConditions }}
{{- /* Finalizers must always come off, also while no replica answers. */}}
{{- $conditions = append $conditions (dict "name" "not-being-deleted" "expression" "request.operation != 'UPDATE' || !has(object.metadata.deletionTimestamp)") }}
{{- if eq .door "mutating" }}
{{- /* Nothing is ever injected into them. The validating door judges them all the same. */}}
{{- $conditions = append $conditions (dict "name" "not-a-mirror-pod" "expression" "!has(object.metadata.annotations) || !('kubernetes.io/config.mirror' in object.metadata.annotations)") }}
{{- end }}
{{- end }}
{{- $conditions = concat $conditions (index .root.Values.webhook .door).matchConditions }}
{{- with $conditions }}
matchConditions:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Namespaces that the doors for workloads are asked about. */}}
{{- define "tidewaiter.namespaceSelector" -}}
{{- $excluded := append .Values.webhook.excludedNamespaces .Release.Namespace | uniq }}
{{- $expression := dict "key" "kubernetes.io/metadata.name" "operator" "NotIn" "values" $excluded }}
{{- with .Values.webhook.namespaceSelector.matchLabels }}
matchLabels:
  {{- toYaml . | nindent 2 }}
{{- end }}
matchExpressions:
  {{- toYaml (prepend (.Values.webhook.namespaceSelector.matchExpressions | default list) $expression) | nindent 2 }}
{{- end }}

{{/* Where the API server calls a door. Takes root, path. */}}
{{- define "tidewaiter.clientConfig" -}}
clientConfig:
  service:
    namespace: {{ .root.Release.Namespace }}
    name: {{ include "tidewaiter.fullname" .root }}
    port: 443
    path: {{ .path }}
  {{- if eq .root.Values.certificates.mode "secret" }}
  caBundle: {{ .root.Values.certificates.secret.caBundle | b64enc }}
  {{- end }}
{{- end }}

{{- define "tidewaiter.webhookAnnotations" -}}
{{- $annotations := deepCopy .Values.webhook.annotations }}
{{- if eq .Values.certificates.mode "certManager" }}
{{- $_ := set $annotations "cert-manager.io/inject-ca-from" (printf "%s/%s" .Release.Namespace (include "tidewaiter.fullname" .)) }}
{{- end }}
{{- with $annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
