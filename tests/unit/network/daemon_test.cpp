// How the Linux driver ends the programs that outlive it.
#include "plugins/network/drivers/linux/daemon.hpp"

#include <testkit/temporary_folder.hpp>

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <fstream>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

namespace volutus::network::on_linux {
namespace {

// A shell with one word more on its command line. It has begun to wait when this is made.
class Shell {
public:
    Shell(std::string script, std::string sign) {
        script += "\necho ready; read line";
        std::array<int, 2> ends{};
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) throw std::bad_alloc();
        ours_ = Descriptor(ends[0]);
        Descriptor const theirs(ends[1]);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, theirs.get(), 0);
        posix_spawn_file_actions_adddup2(&actions, theirs.get(), 1);
        char program[] = "/bin/sh", option[] = "-c", name[] = "sh";
        std::array<char*, 6> words{program, option, script.data(), name, sign.data(), nullptr};
        EXPECT_EQ(posix_spawn(&pid_, program, &actions, nullptr, words.data(), nullptr), 0);
        posix_spawn_file_actions_destroy(&actions);
        char byte = 0;
        EXPECT_EQ(read(ours_.get(), &byte, 1), 1);
    }
    Shell(Shell const&) = delete;
    Shell& operator=(Shell const&) = delete;
    ~Shell() {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    pid_t pid() const { return pid_; }
    // What ended it; 0 while it lives. It stays a zombie, so that its number stays its own.
    int ended_by() const {
        siginfo_t end{};
        waitid(P_PID, static_cast<id_t>(pid_), &end, WEXITED | WNOHANG | WNOWAIT);
        return end.si_status;
    }

private:
    Descriptor ours_;
    pid_t pid_ = 0;
};

class DaemonTest : public testing::Test {
protected:
    void write(std::string const& text) { std::ofstream(pid_file_) << text; }
    void write(Shell const& shell) { write(std::to_string(shell.pid()) + "\n"); }

    testkit::TemporaryFolder folder_;
    std::string const pid_file_ = folder_ / "pid", sign_ = folder_ / "configuration";
    Daemon const daemon_{pid_file_, sign_};
};

TEST_F(DaemonTest, IsAskedToEndAndHasEndedThen) {
    Shell const shell("", sign_);
    write(shell);
    EXPECT_TRUE(daemon_.signal(0));
    daemon_.stop(std::chrono::minutes(1));
    EXPECT_EQ(shell.ended_by(), SIGTERM);
    EXPECT_FALSE(std::filesystem::exists(pid_file_));
    write(shell);
    EXPECT_FALSE(daemon_.signal(0)) << "it has ended, though nobody has buried it";
}

TEST_F(DaemonTest, OneThatDoesNotListenIsKilled) {
    Shell const shell("trap '' TERM", sign_);
    write(shell);
    daemon_.stop(std::chrono::milliseconds(50));
    EXPECT_EQ(shell.ended_by(), SIGKILL);
    EXPECT_FALSE(std::filesystem::exists(pid_file_));
}

TEST_F(DaemonTest, ANumberThatIsAnotherProgramsByNowIsLeftAlone) {
    Shell const shell("", "another");
    write(shell);
    EXPECT_FALSE(daemon_.signal(SIGKILL));
    daemon_.stop();
    EXPECT_EQ(shell.ended_by(), 0);
    EXPECT_FALSE(std::filesystem::exists(pid_file_));
}

TEST_F(DaemonTest, AFileWithoutANumberNamesNobody) {
    EXPECT_FALSE(daemon_.signal(0));
    daemon_.stop();
    for (auto const* text : {"", "\n", "x", "0", "1", "-1", "4194305", "99999999999999999999"}) {
        write(text);
        EXPECT_FALSE(daemon_.signal(0)) << text;
        daemon_.stop();
        EXPECT_FALSE(std::filesystem::exists(pid_file_)) << text;
    }
}

} // namespace
} // namespace volutus::network::on_linux
