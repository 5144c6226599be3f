#include <kernel/world/fiber_context.hpp>

#include <cerrno>
#include <cxxabi.h>
#include <memory>
#include <new>
#include <sys/mman.h>
#include <system_error>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#define VOLUTUS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define VOLUTUS_ASAN 1
#endif
#endif

#ifdef VOLUTUS_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

// A crash in the simulation leaks all that the node had, by intent.
extern "C" __attribute__((visibility("default"))) char const* __asan_default_options() { return "detect_leaks=0"; }
#endif

namespace volutus::world {

namespace {
constexpr std::size_t page_size = 4096;
#ifdef VOLUTUS_ASAN
constexpr std::size_t stack_size = std::size_t{1} << 20; // instrumented frames are several times larger
#else
constexpr std::size_t stack_size = std::size_t{256} << 10;
#endif

void* bottom_of(boost::context::stack_context const& stack) { return static_cast<char*>(stack.sp) - stack.size; }

// What boost::context::fiber asks of a stack allocator.
struct FromPool {
    StackPool* pool;
    boost::context::stack_context stack;
    boost::context::stack_context allocate() const { return stack; }
    void deallocate(boost::context::stack_context const& done) const { pool->give(done); }
};
} // namespace

StackPool::~StackPool() {
    for (auto const& stack : free_) ::munmap(static_cast<char*>(bottom_of(stack)) - page_size, stack.size + page_size);
}

boost::context::stack_context StackPool::take() {
    if (!free_.empty()) {
        auto const stack = free_.back();
        free_.pop_back();
        return stack;
    }
    void* const memory = ::mmap(nullptr, stack_size + page_size, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "map a fiber's stack");
    if (::mprotect(memory, page_size, PROT_NONE) != 0)
        throw std::system_error(errno, std::generic_category(), "guard a fiber's stack");
    boost::context::stack_context stack;
    stack.size = stack_size;
    stack.sp = static_cast<char*>(memory) + page_size + stack_size;
    return stack;
}

void StackPool::give(boost::context::stack_context const& stack) {
#ifdef VOLUTUS_ASAN
    ASAN_UNPOISON_MEMORY_REGION(bottom_of(stack), stack.size); // frames that never returned left their red zones
#endif
    free_.push_back(stack);
}

void FiberContext::prepare(StackPool& stacks, void (*entry)(void*), void* argument) {
    stacks_ = &stacks;
    stack_ = stacks.take();
    ended_ = false;
    fiber_ = boost::context::fiber(std::allocator_arg, FromPool{stacks_, stack_},
                                   [this, entry, argument](boost::context::fiber&& scheduler) {
                                       scheduler_ = std::move(scheduler);
                                       arrived();
                                       entry(argument);
                                       ended_ = true;
                                       leaving();
                                       return std::move(scheduler_);
                                   });
}

void FiberContext::enter() {
    auto* const globals = reinterpret_cast<Exceptions*>(abi::__cxa_get_globals());
    Exceptions const own = std::exchange(*globals, exceptions_);
#ifdef VOLUTUS_ASAN
    __sanitizer_start_switch_fiber(&scheduler_frames_, bottom_of(stack_), stack_.size);
#endif
    fiber_ = std::move(fiber_).resume();
#ifdef VOLUTUS_ASAN
    __sanitizer_finish_switch_fiber(scheduler_frames_, nullptr, nullptr);
#endif
    exceptions_ = std::exchange(*globals, own);
}

void FiberContext::leave() {
    leaving();
    scheduler_ = std::move(scheduler_).resume();
    arrived();
}

void FiberContext::arrived() {
#ifdef VOLUTUS_ASAN
    __sanitizer_finish_switch_fiber(fiber_frames_, &scheduler_stack_, &scheduler_stack_size_);
#endif
}

void FiberContext::leaving() {
#ifdef VOLUTUS_ASAN
    __sanitizer_start_switch_fiber(ended_ ? nullptr : &fiber_frames_, scheduler_stack_, scheduler_stack_size_);
#endif
}

void FiberContext::abandon() {
    if (ended_) return;
    ended_ = true;
    new (&fiber_) boost::context::fiber(); // its destructor would unwind the stack
    stacks_->give(stack_);
}

} // namespace volutus::world
