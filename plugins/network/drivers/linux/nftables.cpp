#include "nftables.hpp"

#include <volutus/error.hpp>

#include <boost/json/parse.hpp>
#include <fmt/format.h>
#include <nftables/libnftables.h>

#include <memory>
#include <string_view>

namespace volutus::network::on_linux {

namespace {

struct FreeContext {
    void operator()(nft_ctx* context) const { nft_ctx_free(context); }
};
using Context = std::unique_ptr<nft_ctx, FreeContext>;

// A context keeps a socket of the namespace that it was made in, so it is not kept.
Context open_context() {
    Context context(nft_ctx_new(NFT_CTX_DEFAULT));
    if (!context || nft_ctx_buffer_output(context.get()) != 0 || nft_ctx_buffer_error(context.get()) != 0)
        throw Error(Code::unavailable, "libnftables gives no context; is the memory exhausted?");
    return context;
}

Code code_of(std::string_view message) {
    if (message.find("No such file or directory") != message.npos) return Code::not_found;
    if (message.find("Device or resource busy") != message.npos) return Code::conflict;
    return Code::internal;
}

} // namespace

void nft_apply(std::string const& ruleset) {
    auto const context = open_context();
    if (nft_run_cmd_from_buffer(context.get(), ruleset.c_str()) == 0) return;
    std::string const message = nft_ctx_get_error_buffer(context.get());
    throw Error(code_of(message), fmt::format("the kernel refuses a ruleset: {}", message.substr(0, 2000)));
}

json::array nft_show(std::string const& what) {
    auto const context = open_context();
    nft_ctx_output_set_flags(context.get(), NFT_CTX_OUTPUT_JSON);
    if (nft_run_cmd_from_buffer(context.get(), ("list " + what).c_str()) != 0) {
        std::string const message = nft_ctx_get_error_buffer(context.get());
        if (code_of(message) == Code::not_found) return {};
        throw Error(Code::internal, fmt::format("nftables does not list {}: {}", what, message.substr(0, 2000)));
    }
    return boost::json::parse(nft_ctx_get_output_buffer(context.get())).at("nftables").as_array();
}

} // namespace volutus::network::on_linux
