// Bytes named by their SHA-256, beside the documents. One that no document refers to goes an hour after it was put.
#pragma once

#include <kernel/store/engine.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace volutus::kernel::store {

std::string blob_id(std::string_view bytes);                                        // 64 hex digits
void put_blob(Connection& connection, std::string_view id, std::string_view bytes); // again: its hour begins anew
std::optional<std::string> read_blob(Connection& connection, std::string_view id);
void collect_blobs(Connection& connection); // a small portion

} // namespace volutus::kernel::store
