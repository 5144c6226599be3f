// A self-signed certificate and its key, made afresh, as files.
#pragma once

#include "kernel/gateway/gateway.hpp"

#include <cstdio>
#include <cstdlib>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string>
#include <unistd.h>

namespace volutus::kernel::gateway {

class Certificate {
public:
    Certificate() {
        char folder[] = "/tmp/volutus-tls-XXXXXX";
        folder_ = ::mkdtemp(folder);
        files = {folder_ + "/cert.pem", folder_ + "/key.pem"};
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
    Certificate(Certificate const&) = delete;
    Certificate& operator=(Certificate const&) = delete;
    ~Certificate() {
        ::unlink(files.certificate.c_str());
        ::unlink(files.key.c_str());
        ::rmdir(folder_.c_str());
    }
    Tls files;

private:
    std::string folder_;
};

} // namespace volutus::kernel::gateway
