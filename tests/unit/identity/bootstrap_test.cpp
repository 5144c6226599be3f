#include "identity_fixture.hpp"

#include <sys/stat.h>

using namespace identity_tests;
using testing::Contains;
using testing::UnorderedElementsAre;

namespace {
struct Bootstrap : Identity {};

std::string text_of(std::string const& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}
} // namespace

TEST_F(Bootstrap, AFreshCloudHasADefaultDomainItsProjectsAndAnAdministrator) {
    EXPECT_EQ(json::text(done(admin, "GET", "/v3/domains/default").at("domain").at("name")), "Default");
    EXPECT_THAT(texts(done(admin, "GET", "/v3/projects").at("projects"), "name"),
                UnorderedElementsAre("admin", "service"));
    EXPECT_THAT(texts(done(admin, "GET", "/v3/roles").at("roles"), "name"),
                UnorderedElementsAre("admin", "manager", "member", "reader", "service"));
    std::vector<std::string> roles;
    for (auto const& role : admin.roles) roles.push_back(role.name);
    EXPECT_THAT(roles, UnorderedElementsAre("admin", "manager", "member", "reader"));
    EXPECT_TRUE(caller(login("admin", "secret", R"({"system":{"all":true}})")).system);
}

TEST_F(Bootstrap, ASecondStartChangesNothing) {
    auto const before = fake.store.notes.size();
    auto const users = done(admin, "GET", "/v3/users"), endpoints = done(admin, "GET", "/v3/endpoints");
    identity_service::IdentityService again(fake.host());
    start(again);
    EXPECT_EQ(done(admin, "GET", "/v3/users"), users);
    EXPECT_EQ(done(admin, "GET", "/v3/endpoints"), endpoints);
    EXPECT_EQ(fake.store.notes.size(), before);
}

TEST_F(Bootstrap, APasswordFileThatIsMissingIsMadeForItsOwnerOnly) {
    std::filesystem::remove(password_file());
    fake.store = {};
    fake.store.declare(manifest());
    start();
    struct stat status{};
    ASSERT_EQ(::stat(password_file().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    auto password = text_of(password_file());
    ASSERT_EQ(password.back(), '\n');
    password.pop_back();
    EXPECT_GE(password.size(), 32u);
    EXPECT_TRUE(lives(login("admin", password)));
    EXPECT_THAT(fake.logged, testing::Not(Contains(testing::HasSubstr(password))));
}

TEST_F(Bootstrap, AnEmptyPasswordFileIsRefusedAndNothingIsMade) {
    std::ofstream(password_file()) << "\n";
    fake.store = {};
    EXPECT_THROW(start(), Error);
    EXPECT_FALSE(fake.store.get({"identity.domain", "default", 0}));
}

TEST_F(Bootstrap, APublicUrlThatIsNoneIsRefused) {
    identity_service::IdentityService other(fake.host());
    EXPECT_THROW(start(other, {{"public_url", "cloud"}}), Error);
}
