#include "erasure.hpp"

#include "changes.hpp"

namespace volutus::identity_service {

namespace {
constexpr std::size_t most_at_once = 500; // of the 1,000 items of an apply
constexpr std::size_t deepest = 64;       // levels of ownership
constexpr int tries = 4;                  // something that belongs to it may be made while it goes
constexpr std::string_view prefix = "identity.";
} // namespace

void Erasure::erase_document(std::string_view kind, std::string_view id, std::uint64_t revision) {
    for (int left = tries;; --left) {
        seen_.clear();
        subjects_.clear();
        writes_ = {};
        try {
            gather({std::string(kind), std::string(id)}, 0);
            writes_ += expect(kind, id, revision);
            flush();
            return;
        } catch (Error const& error) {
            if (error.code() != Code::conflict || left <= 1) throw;
        }
    }
}

void Erasure::gather(Document const& document, std::size_t depth) {
    if (depth > deepest)
        throw Error(Code::conflict, document.first + " " + document.second + " is owned over too many levels");
    if (!seen_.insert(document).second) return;
    store::Referrers question;
    question.kind = document.first;
    question.id = document.second;
    question.owned = true;
    do {
        auto const page = store_.call<&store::Store::referrers>(call_, question);
        for (auto const& owned : page.referrers) gather({owned.kind, owned.id}, depth + 1);
        question.after = page.next_after;
    } while (question.after);
    if (writes_.apply.remove.size() >= most_at_once) flush();
    writes_.apply.remove.push_back({document.first, document.second});
    subjects_.push_back(subject(std::string_view(document.first).substr(prefix.size()), document.second));
}

void Erasure::flush() {
    writes_ += changed(subjects_);
    store_.call<&store::Store::apply>(call_, writes_.apply);
    writes_ = {};
    subjects_.clear();
}

} // namespace volutus::identity_service
