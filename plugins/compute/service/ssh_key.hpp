// Key pairs: made here, or brought by the user. Private keys are made, handed over once and never kept.
#pragma once

#include <string>

namespace volutus::compute {

struct MadeKey {
    std::string public_key, private_key, fingerprint; // private_key: PEM
};

// RSA of 2,048 bits: an SSH key with that comment, or a self-signed certificate in that name. Throws internal where
// OpenSSL cannot.
MadeKey make_ssh_key(std::string const& comment);
MadeKey make_certificate(std::string const& name);

// Of a public SSH key as OpenSSH writes it ("ssh-rsa AAAA... comment"): MD5 as pairs parted by colons. Of a certificate
// in PEM: its SHA-1. Both throw invalid for what is none.
std::string fingerprint_of_ssh_key(std::string const& public_key);
std::string fingerprint_of_certificate(std::string const& pem);

std::string base64(std::string const& bytes);
std::string from_base64(std::string const& text); // "" for what is none
std::string sha224(std::string const& bytes);     // in hex

} // namespace volutus::compute
