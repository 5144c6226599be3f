#include "changes.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

namespace volutus::placement_service {

Error coded(Code code, std::string const& message, std::string_view name) {
    return Error(code, message, json::print(json::object{{"code", name}}));
}

Provider provider_of(Request& request) { return request.require<Provider>(request.parameter("uuid")); }

void check_generation(Provider const& provider, std::int64_t generation) {
    if (provider.generation != generation)
        throw coded(Code::conflict,
                    fmt::format("resource provider generation conflict: {} is at {}, and {} was expected", provider.id,
                                provider.generation, generation),
                    concurrent_update);
}

void advance(Request& request, Provider& provider, Writes more) {
    ++provider.generation;
    provider.updated_at = timestamp_now();
    try {
        request.apply(put(provider) + std::move(more));
    } catch (Error const& error) {
        refuse_change(error);
    }
}

void refuse_change(Error const& error) {
    if (error.code() == Code::precondition)
        throw coded(Code::conflict, "another request changed this at the same time; read it again and try again",
                    concurrent_update);
    if (error.code() != Code::conflict) throw error;
    auto const details = json::parse_object(error.details());
    if (details.contains("consumer") && details.contains("resource"))
        throw coded(Code::conflict,
                    fmt::format("update conflict: Inventory for '{}' on resource provider '{}' in use.",
                                json::text(details.at("resource")), json::text(details.at("account"))),
                    inventory_in_use);
    throw error;
}

Reply modified(Reply reply, std::string const& at) {
    if (auto date = http_date(at); !date.empty()) reply.header("Last-Modified", std::move(date));
    return reply;
}

std::string path_of(Request& request, std::string const& path) {
    auto const link = request.link(path);
    auto const host = link.find("://");
    return host == link.npos ? link : link.substr(link.find('/', host + 3));
}

std::string http_date(std::string const& timestamp) {
    int year = 0;
    unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
    if (std::sscanf(timestamp.c_str(), "%4d-%2u-%2uT%2u:%2u:%2u", &year, &month, &day, &hour, &minute, &second) != 6)
        return {};
    using namespace std::chrono;
    year_month_day const date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
    if (!date.ok()) return {};
    constexpr std::string_view days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", days[weekday(sys_days(date)).c_encoding()], day,
                       months[month - 1], year, hour, minute, second);
}

} // namespace volutus::placement_service
