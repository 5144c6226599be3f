#include "kernel/plugin/manifest.hpp"

#include <fmt/format.h>

#include <elf.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace volutus::kernel::plugin {

namespace {

struct Descriptor {
    int fd = -1;
    ~Descriptor() {
        if (fd >= 0) ::close(fd);
    }
};

#if defined(__x86_64__)
constexpr auto this_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr auto this_machine = EM_AARCH64;
#endif

// A shared library that is read as data.
class SharedObject {
public:
    SharedObject(std::string const& file, std::string const& path) : path_(path) {
        file_.fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
        struct stat status{};
        if (file_.fd < 0 || ::fstat(file_.fd, &status) != 0)
            throw Error(Code::not_found,
                        fmt::format("{}: cannot be opened; check the plugin's path and its permissions", path));
        if (!S_ISREG(status.st_mode)) throw refuse("is not a regular file");
        size_ = static_cast<std::uint64_t>(status.st_size);
        ::elf_version(EV_CURRENT);
        elf_.reset(::elf_begin(file_.fd, ELF_C_READ, nullptr));
        if (!elf_ || ::elf_kind(elf_.get()) != ELF_K_ELF)
            throw refuse("is not an ELF file; a plugin is a shared library");
        GElf_Ehdr header;
        if (!::gelf_getehdr(elf_.get(), &header)) throw refuse("is truncated: its ELF header is not whole");
        if (header.e_machine != this_machine || ::gelf_getclass(elf_.get()) != ELFCLASS64)
            throw refuse("is built for another machine");
        if (header.e_type != ET_DYN) throw refuse("is not a shared library; link it with -shared");
        if (header.e_shoff == 0 || header.e_shoff + std::uint64_t{header.e_shnum} * header.e_shentsize > size_)
            throw refuse("is truncated: its section table lies beyond its end");
        names_ = header.e_shstrndx;
        check_sections();
    }

    // The bytes of a named section; nothing where there is none.
    std::string_view section(std::string_view wanted) const {
        for (Elf_Scn* section = nullptr; (section = ::elf_nextscn(elf_.get(), section));) {
            GElf_Shdr header;
            ::gelf_getshdr(section, &header);
            char const* name = ::elf_strptr(elf_.get(), names_, header.sh_name);
            if (!name || wanted != name) continue;
            auto const* data = ::elf_rawdata(section, nullptr);
            return data && data->d_buf ? std::string_view(static_cast<char const*>(data->d_buf), data->d_size)
                                       : std::string_view();
        }
        return {};
    }

    std::vector<std::string> exported_symbols() const {
        std::vector<std::string> found;
        for (Elf_Scn* section = nullptr; (section = ::elf_nextscn(elf_.get(), section));) {
            GElf_Shdr header;
            ::gelf_getshdr(section, &header);
            if (header.sh_type != SHT_DYNSYM || header.sh_entsize == 0) continue;
            auto* data = ::elf_getdata(section, nullptr);
            for (std::size_t i = 0; data && i < header.sh_size / header.sh_entsize; ++i) {
                GElf_Sym symbol;
                if (!::gelf_getsym(data, static_cast<int>(i), &symbol)) break;
                if (symbol.st_shndx == SHN_UNDEF || GELF_ST_BIND(symbol.st_info) == STB_LOCAL) continue;
                char const* name = ::elf_strptr(elf_.get(), header.sh_link, symbol.st_name);
                found.emplace_back(name ? name : "?");
            }
        }
        return found;
    }

    Error refuse(std::string const& why) const { return Error(Code::invalid, fmt::format("{}: {}", path_, why)); }

private:
    void check_sections() const {
        for (Elf_Scn* section = nullptr; (section = ::elf_nextscn(elf_.get(), section));) {
            GElf_Shdr header;
            if (!::gelf_getshdr(section, &header)) throw refuse("is truncated: a section header cannot be read");
            if (header.sh_type != SHT_NOBITS && (header.sh_offset > size_ || header.sh_size > size_ - header.sh_offset))
                throw refuse("is truncated: a section lies beyond its end");
        }
    }

    struct End {
        void operator()(Elf* elf) const { ::elf_end(elf); }
    };
    std::string path_;
    Descriptor file_;
    std::uint64_t size_ = 0;
    std::unique_ptr<Elf, End> elf_;
    std::size_t names_ = 0;
};

} // namespace

Manifest read_manifest(std::string const& path) { return read_manifest(path, path); }

Manifest read_manifest(std::string const& file, std::string const& path) {
    SharedObject object(file, path);
    auto const text = object.section(VLT_MANIFEST_SECTION);
    if (text.empty())
        throw object.refuse(
            fmt::format("has no manifest (section {}); is it a plugin? Link it without --strip-all of sections",
                        VLT_MANIFEST_SECTION));
    auto manifest = parse_manifest(text, path);
    auto const exported = object.exported_symbols();
    if (exported.size() != 1 || exported.front() != VLT_ENTRY_SYMBOL)
        throw object.refuse(
            fmt::format("exports {} symbols, such as {}; a plugin exports {} only: link it with the SDK's plugin.map",
                        exported.size(),
                        exported.empty()                                              ? std::string("none")
                        : exported.front() == VLT_ENTRY_SYMBOL && exported.size() > 1 ? exported[1]
                                                                                      : exported.front(),
                        VLT_ENTRY_SYMBOL));
    return manifest;
}

} // namespace volutus::kernel::plugin
