#include "default_handlers.hpp"

namespace volutus {

namespace {

Reply show_one(Request& request) {
    auto object = request.resource().make();
    request.require_object(request.resource(), request.id(), object.get());
    return request.shown_object(request.resource(), object.get());
}

Reply create_all(Request& request) {
    auto const& resource = request.resource();
    Writes writes;
    json::array shown;
    for (std::size_t i = 0; i < request.bodies().size(); ++i) {
        auto object = resource.make();
        request.decode_nth(i, object.get());
        stamp_object(request, resource, object.get());
        writes += put_object(resource, object.get());
        shown.push_back(request.view_object(resource, object.get()));
    }
    return request.apply_and_answer(std::move(writes), request.shown_items(std::move(shown)));
}

Reply update_one(Request& request) {
    return retry_on_conflict([&] {
        auto const& resource = request.resource();
        auto object = resource.make();
        request.require_object(resource, request.id(), object.get());
        request.change_object(object.get());
        stamp_changed_object(request, resource, object.get());
        request.apply(put_object(resource, object.get()));
        return request.shown_object(resource, object.get());
    });
}

Reply remove_one(Request& request) {
    return retry_on_conflict([&] {
        auto object = request.resource().make();
        request.require_object(request.resource(), request.id(), object.get());
        request.apply(remove_object(request.resource(), object.get()));
        return request.reply();
    });
}

} // namespace

Reply by_default(Request& request) {
    switch (request.route().does) {
    case RouteRow::Does::list: return request.list();
    case RouteRow::Does::show: return show_one(request);
    case RouteRow::Does::create: return create_all(request);
    case RouteRow::Does::update: return update_one(request);
    case RouteRow::Does::remove: return remove_one(request);
    case RouteRow::Does::action:
    case RouteRow::Does::route: break; // the words for them take no default
    }
    throw Error(Code::internal, "the route " + request.http().route + " has no handler");
}

} // namespace volutus
