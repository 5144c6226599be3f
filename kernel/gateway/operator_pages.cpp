#include "kernel/gateway/operator_pages.hpp"

#include "kernel/gateway/io_thread.hpp"

#include <fmt/format.h>

namespace volutus::kernel::gateway {

namespace {
Response text(unsigned status, std::string body, std::string_view type = "text/plain; charset=utf-8") {
    Response response;
    response.status = status;
    response.set("Content-Type", type);
    response.body = std::move(body);
    return response;
}

class OperatorPages final : public Handler {
public:
    explicit OperatorPages(Shared& shared) : shared_(shared) {}

    Response handle(Request& request) override {
        if (request.route->id == "metrics") return metrics();
        if (request.route->id == "healthz") return text(200, "ok\n");
        if (shared_.draining) return text(503, "draining\n");
        if (shared_.config.ready && !shared_.config.ready()) return text(503, "not ready\n");
        return text(200, "ok\n");
    }

    // The messages are the gateway's own words, so nothing in them needs escaping.
    Response refuse(Request const&, Refusal const& refusal) override {
        return text(refusal.status,
                    fmt::format(R"({{"error": {{"code": {}, "message": "{}"}}}})", refusal.status, refusal.message),
                    "application/json");
    }

private:
    Response metrics() {
        auto& meters = shared_.meters;
        meters.connections.Set(static_cast<double>(shared_.connections.count()));
        meters.held.Set(static_cast<double>(shared_.held));
        meters.pool_depth.Set(static_cast<double>(shared_.documents.depth()));
        meters.upload_depth.Set(static_cast<double>(shared_.uploads.depth()));
        meters.download_depth.Set(static_cast<double>(shared_.downloads.depth()));
        return text(200, meters.metrics.text(), "text/plain; version=0.0.4; charset=utf-8");
    }

    Shared& shared_;
};

Route page(std::string const& name, bool reads_only) {
    Route route;
    route.method = "GET";
    route.pattern = "/" + name;
    route.id = name;
    route.reads_only = reads_only;
    return route;
}
} // namespace

std::shared_ptr<Handler> operator_pages(Shared& shared) { return std::make_shared<OperatorPages>(shared); }

std::vector<Mount> pages_mounts(Config const& config, std::shared_ptr<Handler> const& pages) {
    std::vector<Mount> out;
    for (auto const& listener : config.listeners) {
        Mount mount{"gateway", pages, {{listener.name, ""}}, {}};
        if (listener.health) mount.routes = {page("healthz", true), page("readyz", true)};
        if (listener.metrics) mount.routes.push_back(page("metrics", false)); // collecting takes every metric's lock
        out.push_back(std::move(mount));
    }
    return out;
}

} // namespace volutus::kernel::gateway
