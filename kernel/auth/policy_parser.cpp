#include <kernel/auth/policy_parser.hpp>

#include <volutus/error.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace volutus::kernel::auth {

namespace {
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

enum class Word { end, open, close, and_, or_, not_, check };

class Parser {
public:
    Parser(std::string_view text, PolicyTree& into) : text_(text), tree_(into) { advance(); }

    ParsedRule parse() {
        if (word_ == Word::end) {
            out_.root = add({Op::yes});
        } else {
            out_.root = parse_any(0);
            if (word_ == Word::close) fail("this ) closes nothing");
            if (word_ != Word::end) fail(fmt::format("'and' or 'or' is expected before '{}'", token_));
        }
        return std::move(out_);
    }

private:
    std::uint32_t parse_any(int depth) {
        return parse_list(Word::or_, Op::any, [&] { return parse_all(depth); });
    }

    std::uint32_t parse_all(int depth) {
        return parse_list(Word::and_, Op::all, [&] { return parse_one(depth); });
    }

    template <class Child> std::uint32_t parse_list(Word between, Op op, Child child) {
        auto const first = child();
        if (word_ != between) return first;
        auto last = first;
        while (word_ == between) {
            advance();
            auto const next = child();
            tree_.nodes[last].next = next;
            last = next;
        }
        return add({op, first});
    }

    std::uint32_t parse_one(int depth) {
        if (depth > deepest_rule) fail(fmt::format("is nested deeper than {} levels", deepest_rule));
        switch (word_) {
        case Word::not_: {
            advance();
            auto const child = parse_one(depth + 1);
            return add({Op::negate, child});
        }
        case Word::open: {
            auto const opened = column_;
            advance();
            auto const inner = parse_any(depth + 1);
            if (word_ != Word::close) fail(fmt::format("the ( of column {} is not closed", opened));
            advance();
            return inner;
        }
        case Word::check: {
            auto const node = parse_check();
            advance();
            return node;
        }
        case Word::end: fail("the rule ends where a check is expected");
        default: fail(fmt::format("a check is expected instead of '{}'", token_));
        }
    }

    std::uint32_t parse_check() {
        if (token_ == "@") return add({Op::yes});
        if (token_ == "!") return add({Op::no});
        constexpr std::string_view reference = "rule:";
        if (token_.starts_with(reference)) {
            auto const node = add({Op::rule});
            out_.references.push_back({node, std::string(token_.substr(reference.size())), column_});
            return node;
        }
        std::string why;
        std::string warning;
        auto check = Check::parse(token_, why, warning);
        if (!check) fail(why);
        if (!warning.empty()) out_.warnings.push_back(fmt::format("column {}: {}", column_, warning));
        tree_.checks.push_back(std::move(*check));
        return add({Op::check, static_cast<std::uint32_t>(tree_.checks.size() - 1)});
    }

    std::uint32_t add(PolicyNode node) {
        tree_.nodes.push_back(node);
        return static_cast<std::uint32_t>(tree_.nodes.size() - 1);
    }

    void advance() {
        while (at_ < text_.size() && is_space(text_[at_])) ++at_;
        column_ = at_ + 1;
        auto const begin = at_;
        if (at_ == text_.size()) {
            word_ = Word::end;
        } else if (text_[at_] == '(' || text_[at_] == ')') {
            word_ = text_[at_++] == '(' ? Word::open : Word::close;
        } else {
            skip_word();
            word_ = Word::check;
        }
        token_ = text_.substr(begin, at_ - begin);
        if (word_ == Word::check) word_ = keyword();
    }

    // To white space or to a ) without its ( in the same word: that of %(name)s belongs to the word. Quotes keep both.
    void skip_word() {
        if (text_[at_] == '\'' || text_[at_] == '"') {
            auto const close = text_.find(text_[at_], at_ + 1);
            if (close == std::string_view::npos) fail(fmt::format("this {} is not closed", text_[at_]));
            at_ = close + 1;
        }
        int open = 0;
        for (; at_ < text_.size() && !is_space(text_[at_]); ++at_) {
            if (text_[at_] == '(') ++open;
            if (text_[at_] == ')' && --open < 0) break;
        }
    }

    Word keyword() const {
        if (token_.size() > 3) return Word::check;
        std::string lowered(token_);
        std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
        if (lowered == "and") return Word::and_;
        if (lowered == "or") return Word::or_;
        if (lowered == "not") return Word::not_;
        return Word::check;
    }

    [[noreturn]] void fail(std::string_view message) const {
        throw Error(Code::invalid, fmt::format("column {}: {}", column_, message));
    }

    std::string_view text_;
    PolicyTree& tree_;
    ParsedRule out_;
    std::size_t at_ = 0, column_ = 1;
    Word word_ = Word::end;
    std::string_view token_;
};
} // namespace

ParsedRule parse_rule(std::string_view text, PolicyTree& into) {
    if (text.size() > longest_rule)
        throw Error(Code::invalid,
                    fmt::format("column {}: a rule has at most {} bytes", longest_rule + 1, longest_rule));
    return Parser(text, into).parse();
}

} // namespace volutus::kernel::auth
