// What a test expects to fail, and how it did.
//
//     EXPECT_EQ(refusal([&] { store.apply(late); }).code(), Code::stale);
#pragma once

#include <volutus/error.hpp>

#include <ostream>

namespace volutus {

namespace testkit {

// The error that the work throws; one of Code::ok where it throws none.
template <class Work> [[nodiscard]] Error refusal(Work&& work) {
    try {
        work();
    } catch (Error const& error) {
        return error;
    }
    return Error(Code::ok, "nothing was refused");
}

} // namespace testkit

// For GoogleTest.
inline void PrintTo(Code code, std::ostream* out) { *out << to_string(code); }

} // namespace volutus
