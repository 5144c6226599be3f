#include "kernel/operator/admin_socket.hpp"
#include "kernel/operator/client.hpp"
#include "kernel/operator/printed.hpp"

#include <testkit/temporary_folder.hpp>
#include <volutus/error.hpp>

#include <gmock/gmock.h>

#include <fcntl.h>
#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace {
using namespace volutus;
using namespace volutus::kernel;
using namespace volutus::kernel::operators;
using testing::HasSubstr;

// ---- what is printed ----

std::string shown(bool as_json, bool streams, std::vector<std::string> const& columns,
                  std::vector<json::array> const& rows) {
    char* text = nullptr;
    std::size_t size = 0;
    auto* out = ::open_memstream(&text, &size);
    Printed printed(out, as_json, streams);
    printed.columns(columns);
    for (auto const& row : rows) printed.row(row);
    printed.finish();
    std::fclose(out);
    std::string const all(text, size);
    std::free(text);
    return all;
}

TEST(Printed, ColumnsAreAsWideAsTheirWidestCellAndNothingTrails) {
    EXPECT_EQ(shown(false, false, {"id", "last_error"}, {{"long-id", ""}, {"x", "why"}}), "ID       LAST ERROR\n"
                                                                                          "long-id\n"
                                                                                          "x        why\n");
}

TEST(Printed, WideLettersAlignByLettersAndNotByBytes) {
    EXPECT_EQ(shown(false, false, {"a", "b"}, {{"\xc3\xa4", 1}, {"o", 2}}), "A  B\n\xc3\xa4  1\no  2\n");
}

TEST(Printed, AControlCharacterDoesNotReachTheTerminal) {
    EXPECT_EQ(shown(false, false, {"a"}, {{"x\x1b[2J\ny"}}), "A\nx\\x1b[2J\\ny\n");
}

TEST(Printed, AsJsonATableIsAnArrayOfObjectsAlsoWhenItIsEmpty) {
    EXPECT_EQ(shown(true, false, {"a", "b"}, {{1, "x"}}), "[{\"a\":1,\"b\":\"x\"}]\n");
    EXPECT_EQ(shown(true, false, {"a"}, {}), "[]\n");
    EXPECT_EQ(shown(false, false, {"a"}, {}), "");
}

TEST(Printed, AStreamHasARowALine) {
    EXPECT_EQ(shown(true, true, {"a"}, {{1}, {2}}), "{\"a\":1}\n{\"a\":2}\n");
    EXPECT_EQ(shown(false, true, {"a", "b"}, {{1, json::array{"x", "y"}}}), "1  x y\n");
    EXPECT_EQ(shown(false, true, {"a", "b", "c"}, {{1, "", 2}}), "1  -  2\n") << "each column keeps its place";
}

// ---- the socket ----

struct Kept : Answer {
    void document(json::object const& whole) override { documents.push_back(whole); }
    void columns(std::vector<std::string> const& all) override { names = all; }
    void row(json::array const& cells) override { rows.push_back(cells); }
    void fail() override { failed = true; }
    bool gone() override { return false; }
    int file() override { return sent; }
    std::vector<json::object> documents;
    std::vector<std::string> names;
    std::vector<json::array> rows;
    bool failed = false;
    int sent = -1;
};

class Socket : public testing::Test {
protected:
    testkit::TemporaryFolder folder_;
    std::string const path_ = folder_ / "admin.sock";
};

void answer_by_name(json::object const& request, Answer& answer) {
    auto const command = json::text(request.at("command"));
    if (command == "refuse") throw Error(Code::invalid, "not so");
    if (command == "wait")
        while (!answer.gone()) world::sleep_for(std::chrono::milliseconds(1));
    if (command == "document") return answer.document(request);
    answer.columns({"n"});
    for (int i = 0; i < 3; ++i) answer.row({i});
    if (command == "bad news") answer.fail();
}

TEST_F(Socket, RowsDocumentsAndErrorsComeOverOneConnection) {
    AdminSocket const server(path_, answer_by_name);
    AdminClient client(path_);
    Kept kept;
    client.ask({{"command", "rows"}}, kept);
    EXPECT_EQ(kept.rows.size(), 3u);
    EXPECT_FALSE(kept.failed);
    client.ask({{"command", "document"}}, kept);
    EXPECT_EQ(kept.documents.size(), 1u);
    client.ask({{"command", "bad news"}}, kept);
    EXPECT_TRUE(kept.failed);
    try {
        client.ask({{"command", "refuse"}}, kept);
        FAIL();
    } catch (Error const& error) {
        EXPECT_EQ(error.code(), Code::invalid);
        EXPECT_STREQ(error.what(), "not so");
    }
}

TEST_F(Socket, AFileThatComesWithARequestIsForThatRequestOnly) {
    AdminSocket const server(path_, [](json::object const&, Answer& answer) {
        answer.document({{"has_file", answer.file() >= 0}});
        if (answer.file() < 0) return;
        EXPECT_EQ(::write(answer.file(), "x", 1), 1);
    });
    AdminClient client(path_);
    Kept kept;
    kept.sent = ::open((folder_ / "file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_GE(kept.sent, 0);
    client.ask({}, kept);
    EXPECT_EQ(std::filesystem::file_size(folder_ / "file"), 1u);
    ::close(std::exchange(kept.sent, -1));
    client.ask({}, kept);
    ASSERT_EQ(kept.documents.size(), 2u);
    EXPECT_TRUE(kept.documents[0].at("has_file").as_bool());
    EXPECT_FALSE(kept.documents[1].at("has_file").as_bool());
}

TEST_F(Socket, OnlyTheOwnerMayOpenIt) {
    AdminSocket const server(path_, answer_by_name);
    struct stat status{};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(Socket, OneThatACrashLeftIsReplacedAndItsOwnIsTakenAway) {
    {
        AdminSocket const server(path_, answer_by_name);
    }
    EXPECT_FALSE(std::filesystem::exists(path_));
    int const left = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, path_.size());
    ASSERT_EQ(::bind(left, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ::close(left);
    AdminSocket const server(path_, answer_by_name);
    Kept kept;
    AdminClient(path_).ask({{"command", "rows"}}, kept);
    EXPECT_EQ(kept.rows.size(), 3u);
}

TEST_F(Socket, ClosingEndsAWaitingCommand) {
    AdminSocket server(path_, answer_by_name);
    AdminClient client(path_);
    world::Promised<bool> ended;
    world::Thread waiting("waiting", [&] {
        Kept kept;
        try {
            client.ask({{"command", "wait"}}, kept);
        } catch (Error const&) {
        }
        ended.give(true);
    });
    server.close();
    EXPECT_TRUE(ended.take_until(world::now() + std::chrono::seconds(30)));
}

TEST_F(Socket, ManyClientsAskAtOnceAndTheLastOnesAreSentAway) {
    AdminSocket const server(path_, answer_by_name);
    std::vector<std::unique_ptr<AdminClient>> clients;
    for (std::size_t i = 0; i < AdminSocket::most_connections; ++i) {
        clients.push_back(std::make_unique<AdminClient>(path_));
        Kept kept;
        clients.back()->ask({{"command", "rows"}}, kept);
    }
    Kept kept;
    AdminClient late(path_);
    EXPECT_THROW(late.ask({{"command", "rows"}}, kept), Error);
    clients.clear();
    auto const until = world::now() + std::chrono::seconds(30);
    while (kept.rows.empty() && world::now() < until) {
        try {
            AdminClient(path_).ask({{"command", "rows"}}, kept);
        } catch (Error const&) { // the others' threads are not through yet
        }
    }
    EXPECT_EQ(kept.rows.size(), 3u);
}

TEST_F(Socket, WhatIsNoRequestIsAnErrorAndWhatIsTooLongEndsTheConnection) {
    AdminSocket const server(path_, answer_by_name);
    int const raw = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, path_.size());
    ASSERT_EQ(::connect(raw, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::send(raw, "nonsense\n", 9, 0), 9);
    char reply[512] = {};
    ASSERT_GT(::recv(raw, reply, sizeof reply - 1, 0), 0);
    EXPECT_THAT(reply, HasSubstr("\"error\""));
    std::string const flood(2 * AdminSocket::longest_request, 'x');
    ::send(raw, flood.data(), flood.size(), MSG_NOSIGNAL);
    EXPECT_LE(::recv(raw, reply, sizeof reply, 0), 0);
    ::close(raw);
}

TEST_F(Socket, WithoutADaemonTheClientSaysWhatToLookAt) {
    try {
        AdminClient const client(path_);
        FAIL();
    } catch (Error const& error) {
        EXPECT_THAT(error.what(), HasSubstr("is it running"));
    }
}
} // namespace
