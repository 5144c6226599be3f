// The end of a console's log, as text for a document.
#pragma once

#include <string>
#include <string_view>

namespace volutus::compute::libvirt {

// UTF-8; bytes that are not become U+FFFD, NUL is left out. The front is cut off at a character where the document that
// holds the text would grow beyond its limit: a log of control characters takes six times its size there.
std::string console_text(std::string_view bytes);

// The last bytes of a log; "" when there is none yet.
std::string end_of_log(std::string const& path, std::size_t most);

} // namespace volutus::compute::libvirt
