#include <kernel/store/engine.hpp>
#include <kernel/store/sqlite_engine.hpp>

#include <fmt/format.h>

namespace volutus::kernel::store {

namespace {
struct Registered {
    std::string_view name;
    std::unique_ptr<Engine> (*open)(EngineOptions const&);
};
constexpr std::array engines{
    Registered{"sqlite", open_sqlite},
};

Code code_of(Trouble trouble) {
    switch (trouble) {
    case Trouble::full:
    case Trouble::input_output:
    case Trouble::busy: return Code::unavailable;
    case Trouble::too_much: return Code::too_large;
    case Trouble::corrupt:
    case Trouble::constraint:
    case Trouble::other: break;
    }
    return Code::internal;
}
} // namespace

EngineError::EngineError(Trouble trouble, std::string const& message)
    : Error(code_of(trouble), message), trouble_(trouble) {}

Bind::Bind(Value const& value) {
    std::visit(
        [this](auto const& held) {
            if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::string>)
                held_ = std::string_view(held);
            else
                held_ = held;
        },
        value);
}

Rows::~Rows() {
    if (!statement_) return;
    statement_->finish();
    statement_->busy = false;
}

Rows Connection::query(std::string_view sql, std::span<Bind const> binds) {
    Rows rows(prepare(sql));
    rows.start(binds, false); // an argument may be gone before the rows are read
    return rows;
}

std::int64_t Connection::execute(std::string_view sql, std::span<Bind const> binds) {
    Rows rows(prepare(sql));
    rows.start(binds, true);
    while (rows.next()) {
    }
    return rows.changed();
}

std::unique_ptr<Engine> open_engine(std::string_view name, EngineOptions const& options) {
    for (auto const& engine : engines)
        if (engine.name == name) return engine.open(options);
    throw Error(Code::invalid, fmt::format("there is no store engine '{}'; use sqlite", name));
}

} // namespace volutus::kernel::store
