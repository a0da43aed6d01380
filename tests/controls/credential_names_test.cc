// SPDX-License-Identifier: Apache-2.0
//
// Names as they stand in real manifests: those that hold credentials, and those that speak of them.
#include "webhook/controls/base/credential_names.h"

#include <gtest/gtest.h>

#include <string>

namespace tidewaiter {
namespace {

TEST(CredentialNamesTest, PasswordsByAnyName) {
  for (const char* name : {"PASSWORD", "DB_PASSWORD", "dbPassword", "db.password", "PGPASSWORD", "MYSQL_ROOT_PASSWORD",
                           "MYSQL_PWD", "DB_PASS", "SMTP_PWD", "smtpPass", "REDIS_PASSWD", "KEY_PASSPHRASE",
                           "PASSWORD2", "ADMIN_PASSWORD_OLD", "TOKEN_PASSWORD", "DB_PASS_1"}) {
    EXPECT_EQ(PromiseOf(name), Promise::kPassword) << name;
  }
}

TEST(CredentialNamesTest, SecretsTokensAndKeys) {
  for (const char* name : {"SECRET",
                           "TOKEN",
                           "my_Secret_x",
                           "CLIENT_SECRET",
                           "clientSecret",
                           "GITHUB_TOKEN",
                           "AUTHTOKEN",
                           "API_KEY",
                           "APIKEY",
                           "apiKey",
                           "APIKey",
                           "x-api-key",
                           "API_KEY_2",
                           "STRIPE_API_KEY_LIVE",
                           "API_KEYS",
                           "JWT_KEY",
                           "JWT_SECRET",
                           "AWS_SECRET_ACCESS_KEY",
                           "AWS_SESSION_TOKEN",
                           "AZURE_STORAGE_KEY",
                           "ENCRYPTION_KEY",
                           "SIGNING_KEY",
                           "SSH_PRIVATE_KEY",
                           "SECRET_KEY_BASE",
                           "NEW_RELIC_LICENSE_KEY",
                           "GOOGLE_CREDENTIALS",
                           "SERVICE_ACCOUNT_CREDENTIAL",
                           "APP_KEY",
                           "SECRETKEY"}) {
    EXPECT_EQ(PromiseOf(name), Promise::kCredential) << name;
  }
}

TEST(CredentialNamesTest, NamesThatOnlySpeakOfThem) {
  for (const char* name : {"",
                           "_",
                           "1",
                           "MAX_TOKENS",
                           "TOKENIZERS_PARALLELISM",
                           "TOKEN_EXPIRATION",
                           "TOKEN_ISSUER",
                           "TOKEN_TTL",
                           "SECRET_NAME",
                           "SECRET_NAMESPACE",
                           "secretName",
                           "PASSWORD_FILE",
                           "PASSWORD_MIN_LENGTH",
                           "DB_PASSWORD_PATH",
                           "SECRETS_DIR",
                           "TOKEN_URL",
                           "AWS_ACCESS_KEY_ID",
                           "API_KEY_HEADER",
                           "JWT_SECRET_FILE",
                           "PRIVATE_KEY_PATH",
                           "KEY",
                           "CACHE_KEY",
                           "PARTITION_KEY",
                           "PUBLIC_KEY",
                           "KEYCLOAK_REALM",
                           "PWD",
                           "OLDPWD",
                           "PASS",
                           "COMPASS_URL",
                           "BYPASS",
                           "PASSENGER_MIN_INSTANCES",
                           "AUTHOR",
                           "MONKEY"}) {
    EXPECT_EQ(PromiseOf(name), Promise::kNothing) << name;
  }
}

TEST(CredentialNamesTest, ValuesThatCanBeNone) {
  for (const char* value : {"", "true", "FALSE", "off", "None", "/run/secrets/key.json", "/tmp"}) {
    EXPECT_TRUE(IsHarmless(value, Promise::kPassword)) << value;
  }
  for (const char* value : {"3600", "-1", "0.5"}) {
    EXPECT_TRUE(IsHarmless(value, Promise::kCredential)) << value;
    EXPECT_FALSE(IsHarmless(value, Promise::kPassword)) << value;
  }
  for (const char* value : {"hunter2", "/9j+AAQSkZJRgAB=", "24h", "https://example.com", "truth", "a/b"}) {
    EXPECT_FALSE(IsHarmless(value, Promise::kCredential)) << value;
  }
}

TEST(CredentialNamesTest, TimeIsLinearInTheName) {
  EXPECT_EQ(PromiseOf(std::string(1'000'000, 'A')), Promise::kNothing);
  EXPECT_EQ(PromiseOf(std::string(1'000'000, '_')), Promise::kNothing);
  EXPECT_EQ(PromiseOf(std::string(1'000'000, '7')), Promise::kNothing);
}

}  // namespace
}  // namespace tidewaiter
