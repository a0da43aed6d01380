# SPDX-License-Identifier: Apache-2.0
#
# The image: the program, the C library and what else it is linked with, the certificates of public authorities, nothing else;
# no shell, no package manager, a numeric user. `./dev image` builds it with all arguments; `docker build .` works, too.
# Both Docker builders can: nothing here needs BuildKit. tests/image says what must hold for it.
ARG BASE=debian:stable-slim

FROM ${BASE} AS build
WORKDIR /source
COPY dev ./
COPY tests/tools/archive.sh tests/tools/fetch_httplib.sh tests/tools/fetch_libraries.sh tests/tools/
RUN ./dev setup --program
COPY CMakeLists.txt ./
COPY policies/hardened.yaml policies/
COPY webhook webhook/
# No path of this stage is left in the program, and what nothing calls is dropped.
RUN cmake -S . -B build/image -G Ninja -DCMAKE_BUILD_TYPE=Release -DTIDEWAITER_TESTS=OFF -DTIDEWAITER_STATIC=ON \
      "-DCMAKE_CXX_FLAGS=-ffile-prefix-map=/source=. -ffunction-sections -fdata-sections" \
      "-DCMAKE_EXE_LINKER_FLAGS=-Wl,--gc-sections -Wl,--as-needed" \
 && cmake --build build/image --target tidewaiter \
 && strip --strip-all build/image/tidewaiter
# What ldd lists is all that the loader opens, itself included. Times are the commit's, so that equal files make an equal
# layer.
ARG SOURCE_DATE_EPOCH=0
RUN set -eu; umask 022; mkdir /image; \
    cp build/image/tidewaiter /image/; \
    ldd build/image/tidewaiter | sed -n 's:^[^/]*\(/[^ ]*\) .*:\1:p' | xargs cp --dereference --parents --target-directory=/image; \
    cp --parents /etc/ssl/certs/ca-certificates.crt /image; \
    chmod -R u=rwX,go=rX /image; \
    find /image -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} +

FROM scratch
COPY --from=build /image/ /
# OpenSSL of Debian looks for them in folders that are not here.
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
EXPOSE 8443 8080
ENTRYPOINT ["/tidewaiter"]
CMD ["serve"]
ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="tidewaiter" \
      org.opencontainers.image.description="A Kubernetes admission webhook that hardens every Pod" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
