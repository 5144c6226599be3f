#include "kernel/plugin/library.hpp"

#include "kernel/plugin/descriptor.hpp"

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>
#include <fmt/format.h>

#include <dlfcn.h>
#include <fcntl.h>

namespace volutus::kernel::plugin {

namespace {
class Opened {
public:
    explicit Opened(std::string const& path) : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
        if (!file_)
            throw Error(Code::not_found,
                        fmt::format("{}: cannot be opened; check the plugin's path and its permissions", path));
        name_ = fmt::format("/proc/self/fd/{}", file_.get());
    }
    ~Opened() {
        library_.unload();
        // Code that stays mapped keeps its name, so that no later library may have the same descriptor.
        if (auto* still = ::dlopen(name_.c_str(), RTLD_NOLOAD | RTLD_LAZY)) {
            ::dlclose(still);
            [[maybe_unused]] int const kept = file_.release();
        }
    }
    std::string const& name() const { return name_; }
    EntryPoint load() {
        using boost::dll::load_mode::rtld_local;
        using boost::dll::load_mode::rtld_now;
        library_.load(name_, rtld_now | rtld_local);
        return &library_.get<vlt_status(vlt_host const*, vlt_call*, vlt_plugin_ref*)>(VLT_ENTRY_SYMBOL);
    }

private:
    Descriptor file_;
    std::string name_;
    boost::dll::shared_library library_;
};
} // namespace

Library open_library(std::string const& path, std::function<void(std::string const& file)> const& check) {
    auto const opened = std::make_shared<Opened>(path);
    Library library;
    library.manifest = read_manifest(opened->name(), path);
    if (check) check(opened->name());
    try {
        library.entry = opened->load();
    } catch (std::exception const& error) {
        throw Error(Code::invalid, fmt::format("{}: the dynamic linker refuses it: {}", path, error.what()));
    }
    library.keep = opened;
    return library;
}

} // namespace volutus::kernel::plugin
