// Idempotency-Key: a create that is sent again with the same key gets the first answer, and makes nothing.
// (draft-ietf-httpapi-idempotency-key-header-07: 400 for a bad key, 409 while the first request runs, 422 for a key that
// comes again with another request.)
//
// What is remembered is one document of the kind "<service>.create_key" for each scope, user, route and key. It stands
// in the very apply that makes the thing, which Store::apply adds it to, so that after a crash there are both or neither.
// The answer follows in a second apply, or stands in the first where the handler knows it by then (Request::apply_and_answer). A
// crash between the two leaves a document without an answer: nobody got one, and the repeat is told what was made, as it
// is by then.
//
// Neither key nor answer stand in the clear: the document's id is a digest, and the answer is sealed under another digest
// of the key, which only who sends it again can bring.
//
// A document counts for a day. Each create with a key takes a few away that are older, found by an index; nothing walks
// the kind.
#pragma once

#include <volutus/request.hpp>

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace volutus {

// The keys whose requests run in this process, of one service. Any thread.
class RunningKeys {
public:
    bool enter(std::string const& id); // false: one runs with it
    void leave(std::string const& id, std::uint64_t revision);
    std::uint64_t seen() const; // the newest revision that a request with a key has written

private:
    mutable world::Mutex mutex_;
    std::set<std::string> running_;
    std::uint64_t seen_ = 0;
};

// One create with a key, from before its handler to after it.
class CreateKey : public Store::Companion {
public:
    // The header's value, without the quotes that it may stand in; "" where the request brings none, or is none that a
    // key is for. Throws invalid for what is no key.
    static std::string of(Request const& request);

    // Throws conflict while a request with this key runs.
    CreateKey(Request& request, RunningKeys& running, std::string const& key);
    ~CreateKey() override;
    CreateKey(CreateKey const&) = delete;
    CreateKey& operator=(CreateKey const&) = delete;

    bool is_of_another_request() const { return another_; }
    // What the first request with this key was answered; none for the first.
    std::optional<Reply> first_answer();
    // Tells the answer before the apply that it is about.
    void will_answer(Reply const& reply);
    // Remembers what was answered. Throws nothing: what was made is there, whatever becomes of its answer.
    void keep(Reply const& reply);
    void check_race() const; // throws conflict where a process beside this one was faster, with the same key

    void board(store::Apply& apply) override;
    void landed(store::Applied const& applied) override;
    void refused(Error const& error) override;

private:
    std::optional<store::Document> read();
    store::Put document() const;
    std::string sealed(Reply const& reply) const; // "" for one that is too large to be kept
    std::optional<Reply> opened(std::string_view text) const;
    Reply shown_again();
    Writes forget_old();
    void write(Writes writes);

    Request& request_;
    RunningKeys& running_;
    Client<store::contract> store_;
    std::string kind_, id_, secret_, fingerprint_;
    std::optional<store::Document> before_; // of an earlier request: first within its day, then over
    std::optional<std::uint64_t> revision_; // of the document as this request knows it
    std::vector<std::string> made_;
    std::string answer_;
    bool another_ = false, boarded_ = false, landed_ = false, lost_ = false;
};

} // namespace volutus
