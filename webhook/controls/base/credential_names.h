// SPDX-License-Identifier: Apache-2.0
//
// What the name of a variable promises, told from its words: DB_PASSWORD, apiKey and PGPASSWORD promise a credential;
// MAX_TOKENS, TOKEN_EXPIRATION and SECRET_NAME only speak of one. The shapes of values are credentials.h's. Tested by
// tests/controls/credential_names_test.cc.
#pragma once

#include <string_view>

namespace tidewaiter {

enum class Promise {
  kNothing,
  kCredential,  // a token, key or secret
  kPassword,    // the same, and a number can well be one
};

// Splits the name at whatever is no letter or digit and where upper case begins (dbPassword, APIKey); upper and lower
// case are the same, digits at a word's end do not count. The rules, in this order:
// - A last word that says what about the credential is meant (file, name, url, ttl, issuer ...) promises nothing.
// - A last word pass or pwd, not alone, and any word that is or ends in password, passwd, pword or passphrase promise a
//   password.
// - Any word that is or ends in secret, token, credential(s), apikey, accesskey, secretkey or privatekey promises a
//   credential, and so does `key` behind a word such as api, access, secret, private, jwt, signing or encryption.
//   Plurals of token and secret promise nothing: they are counted or stored.
// Allocates nothing; time is linear in the name.
Promise PromiseOf(std::string_view name);

// Whether `value` can be no credential of that promise, whatever its name: true, false and their like, an absolute
// path, and a number unless a password is promised.
bool IsHarmless(std::string_view value, Promise promise);

}  // namespace tidewaiter
