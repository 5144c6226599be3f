// A self-signed certificate and its key, made afresh, as files.
#pragma once

#include "kernel/gateway/gateway.hpp"

#include <testkit/temporary_folder.hpp>

#include <cstdio>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string>

namespace volutus::kernel::gateway {

class Certificate {
public:
    Certificate() {
        auto* const key = ::EVP_EC_gen("P-256");
        auto* const certificate = ::X509_new();
        ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate), 1);
        ::X509_gmtime_adj(::X509_getm_notBefore(certificate), 0);
        ::X509_gmtime_adj(::X509_getm_notAfter(certificate), 3600);
        ::X509_set_pubkey(certificate, key);
        auto* const name = ::X509_get_subject_name(certificate);
        ::X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<unsigned char const*>("localhost"), -1,
                                     -1, 0);
        ::X509_set_issuer_name(certificate, name);
        ::X509_sign(certificate, key, ::EVP_sha256());
        auto* file = std::fopen(files.certificate.c_str(), "w");
        ::PEM_write_X509(file, certificate);
        std::fclose(file);
        file = std::fopen(files.key.c_str(), "w");
        ::PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
        std::fclose(file);
        ::X509_free(certificate);
        ::EVP_PKEY_free(key);
    }

private:
    testkit::TemporaryFolder folder_;

public:
    Tls const files{folder_ / "cert.pem", folder_ / "key.pem"};
};

} // namespace volutus::kernel::gateway
