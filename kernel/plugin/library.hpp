// A plugin's shared library, opened.
#pragma once

#include "kernel/plugin/link.hpp"
#include "kernel/plugin/manifest.hpp"

#include <functional>
#include <memory>
#include <string>

namespace volutus::kernel::plugin {

// The file is opened once: the manifest that was checked and the code that runs are of the same file, also when it is
// replaced meanwhile. A replaced file is another library, although the dynamic linker takes the same path for the same
// library: it is given the descriptor's path, which is unique as long as the library is open. Install plugins by
// renaming; a file that is written over changes under every process that has it open.
struct Library {
    Manifest manifest;
    EntryPoint entry = nullptr;
    std::shared_ptr<void> keep; // the library is closed with the last copy
};

// Throws what read_manifest throws, and invalid when the dynamic linker refuses the library: it says why. `check` sees
// the opened file before any of its code runs, by a name that only this process can use.
Library open_library(std::string const& path, std::function<void(std::string const& file)> const& check = {});

} // namespace volutus::kernel::plugin
