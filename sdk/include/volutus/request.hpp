// A REST request as a handler sees it: of one thread, valid until the handler returns.
#pragma once

#include <volutus/context.hpp>
#include <volutus/reply.hpp>
#include <volutus/route_row.hpp>
#include <volutus/service_traits.hpp>
#include <volutus/store.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace volutus {

class CreateKey;
class PolicyCheck;
class RulesRead;

// What a list's handler adds to what the table says.
struct ListHooks {
    std::vector<store::Where> where;              // narrows by indexed fields
    std::function<bool(void const* object)> keep; // narrows by anything: the page goes on until full
    std::function<void(std::vector<void*> const& objects)> before_view; // of those that will be shown, a page at a time
    bool removed = false;                                               // tombstones too
};

class Request {
public:
    struct Parts {
        ServiceTraits const& traits;
        Host host;
        Call& call;
        service::HttpRequest const& http;
        Resource const* resource;
        RouteRow const* route;
        void* object; // what serve() was given
        Version version;
        RulesRead& rules_read; // of the plugin
    };
    // `wrote` is set when part of the reply is out and an error can only end the connection.
    Request(Parts parts, bool& wrote);
    ~Request();

    // ---- who, what, where ----
    Call& call() const { return parts_.call; }
    Host const& host() const { return parts_.host; }
    Context const& caller() const { return caller_; }
    bool by_the_cloud() const { return by_the_cloud_; } // no user: a step of a task, another service's timer
    std::string project() const;                        // of the token; throws forbidden where it has none
    std::string user() const;
    Version version() const { return parts_.version; } // 0: the service has none
    bool since(std::string_view version) const { return within(version_from(version), 0, parts_.version); }
    ServiceTraits const& traits() const { return parts_.traits; }
    Resource const& resource() const { return *parts_.resource; }
    RouteRow const& route() const { return *parts_.route; }
    service::HttpRequest const& http() const { return parts_.http; }
    std::string_view request_id() const { return parts_.call.trace(); }
    template <class T> T& service() const { return *static_cast<T*>(parts_.object); }

    std::string const& parameter(std::string_view name) const;     // a capture of the path; throws internal for no such
    std::string const& id() const;                                 // the path's last capture
    std::optional<std::string> query(std::string_view name) const; // the first of that name
    std::vector<std::string> queries(std::string_view name) const;
    bool flag(std::string_view name) const; // true, 1, yes, on, t, y in any case; "" is true
    std::optional<std::string> header(std::string_view name) const;

    // ---- the body ----
    json::value const& document(); // as sent; null where there is none
    json::object const& body();    // what stands in the envelope, or under the action's key; {} where none
    bool has_many();               // a bulk create: {"networks": [...]}
    std::vector<json::object> const& bodies();
    template <class B> B body_as();
    // Puts the keys of the body, checked, into an object of the route's resource: what an update does.
    template <class S, class = std::enable_if_t<is_stored<S>>> void change(S& object) { change_object(&object); }
    void change_object(void* object);
    void decode_nth(std::size_t index, void* object); // one of bodies() into an object of the route's resource
    void check_body();                                // every body against the fields of the route's resource
    Stream input() const { return parts_.call.input(); }
    Stream output() const { return parts_.call.output(); }

    // ---- may the caller? Answers are kept for the request ----
    bool may(PolicyRule rule, json::object const& target);
    void enforce(PolicyRule rule, json::object const& target); // throws forbidden in the service's words
    json::object own_target() const;                           // the caller's ids, and the path's captures over them

    // ---- the store ----
    Store& store() { return store_; }
    store::Applied apply(Writes writes) { return store_.apply(std::move(writes)); }
    // The same where the answer is known before the apply: a create that is repeated with its Idempotency-Key is told just
    // this, whatever happened in between. For secrets that are told once there is no other way.
    Reply apply_and_answer(Writes writes, Reply reply);
    // Reads one and asks the route's policy about it. What is not there and what is another's is the same answer.
    template <class S> S require(std::string_view id) {
        S object;
        require_object(resource_of(&object), id, &object);
        return object;
    }
    template <class S> S require() { return require<S>(id()); }
    void require_object(Resource const& resource, std::string_view id, void* object);
    [[noreturn]] void missing(std::string_view noun, std::string_view id) const; // not_found in the service's words
    [[noreturn]] void missing() const;                                           // the resource of the route, by its id

    // ---- the reply, in the form of the route ----
    template <class S> Reply shown(S const& object) { return shown_object(resource_of(&object), &object); }
    template <class S> Reply shown_all(std::vector<S> const& objects) {
        json::array items;
        for (auto const& object : objects) items.push_back(view_of(object));
        return shown_items(std::move(items));
    }
    Reply reply(json::value body) const { return Reply(parts_.route->status_code, std::move(body)); }
    Reply reply() const { return Reply(parts_.route->status_code); }
    // One object as this version and this caller see it, without an envelope.
    template <class S> json::object view_of(S const& object) { return view_object(resource_of(&object), &object); }
    json::object view_object(Resource const& resource, void const* object);
    Reply shown_object(Resource const& resource, void const* object);
    Reply shown_items(json::array items);          // the resource's plural around them, or of a bulk
    std::string link(std::string_view path) const; // with the base that the client used
    // The list of this resource as its table says, narrowed by more; for handlers of lists.
    Reply list(std::vector<store::Where> more = {}) { return list(ListHooks{std::move(more), {}, {}, false}); }
    Reply list(ListHooks hooks);

private:
    json::value envelope(json::object body) const;
    friend class ServicePlugin;
    json::value read_document() const;
    void open_bodies();
    json::object const& open_body(json::value const& from, json::Path const& at) const;
    bool owns(json::object const& target) const;
    void decode_body(json::object const& from, Fields own, void const* type, void* into);
    json::object target_of(Resource const& resource, void const* object) const;
    PolicyRule rule_about(Resource const& resource) const;

    Parts parts_;
    Context caller_;
    bool by_the_cloud_ = false;
    Store store_;
    std::unique_ptr<PolicyCheck> policy_;
    CreateKey* create_key_ = nullptr; // while a create with an Idempotency-Key runs
    std::optional<json::value> document_;
    std::optional<std::vector<json::object>> bodies_;
    bool many_ = false;
    bool* wrote_;
    std::string prefix_; // of the path as sent: "/v2.1/<project>"
};

// What the cloud says about a new object: "id", the scope's field (such as project_id), "user_id", "created_at" and
// "updated_at" (or "created" and "updated"), as far as its table has them and they are empty.
void stamp_object(Request& request, Resource const& resource, void* object);
template <class S, class = std::enable_if_t<is_stored<S>>> void stamp(Request& request, S& object) {
    stamp_object(request, resource_of(&object), &object);
}
// And about one that was changed: "updated_at", or "updated".
void stamp_changed_object(Request& request, Resource const& resource, void* object);
template <class S, class = std::enable_if_t<is_stored<S>>> void stamp_changed(Request& request, S& object) {
    stamp_changed_object(request, resource_of(&object), &object);
}

template <class B> B Request::body_as() {
    if constexpr (json::is_list<B>::value) {
        B out;
        for (auto const& one : bodies()) {
            auto& item = out.emplace_back();
            if constexpr (json::has_rows<typename B::value_type>::value)
                decode_body(one, rows_of_struct<typename B::value_type>(), nullptr, &item);
            else
                decode_body(one, {}, &type_tag<typename B::value_type>, &item);
        }
        return out;
    } else {
        B out{};
        if constexpr (json::has_rows<B>::value)
            decode_body(body(), rows_of_struct<B>(), nullptr, &out);
        else if constexpr (is_stored<B>)
            decode_body(body(), {}, &type_tag<B>, &out);
        else
            json::decode(json::value(body()), out, json::Path{}, json::Unknown::refused);
        return out;
    }
}

template <auto Handler> Reply call_handler(Request& request) {
    using Traits = HandlerTraits<decltype(Handler)>;
    auto run = [&](auto const&... body) {
        if constexpr (std::is_void_v<typename Traits::Class>)
            return Handler(request, body...);
        else
            return (request.service<typename Traits::Class>().*Handler)(request, body...);
    };
    if constexpr (std::is_void_v<typename Traits::Body>)
        return run();
    else
        return run(request.body_as<typename Traits::Body>());
}

} // namespace volutus
