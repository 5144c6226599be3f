// A byte stream of one's own, for a callee to read: the caller's side of a call's input.
//
//     class Hashed : public Source { std::size_t read(void* into, std::size_t size) override { ... } };
//     Hashed hashed(request.input());
//     hashed.during([&] { stores.with(hashed.raw(), nullptr).call<&ImageStore::save>(call, key); });
#pragma once

#include <volutus/error.hpp>

#include <cstddef>
#include <exception>

namespace volutus {

// Serialised, as any stream.
class Source {
public:
    Source();
    virtual ~Source() = default;
    Source(Source const&) = delete;
    Source& operator=(Source const&) = delete;

    vlt_stream* raw() { return &table_.raw; }

    // Makes the call that reads. Where the call fails because read() threw, that first error is thrown: a status alone
    // would come back from the other side without its message.
    template <class Body> void during(Body body) {
        try {
            body();
        } catch (...) {
            if (failure_) std::rethrow_exception(failure_);
            throw;
        }
    }

    bool failed() const { return failure_ != nullptr; } // read() threw

protected:
    // At most `size` bytes; 0 at the end. What it throws ends the stream for the reader.
    virtual std::size_t read(void* into, std::size_t size) = 0;

private:
    struct Table {
        vlt_stream raw;
        Source* self;
    };
    Table table_;
    std::exception_ptr failure_;
};

} // namespace volutus
