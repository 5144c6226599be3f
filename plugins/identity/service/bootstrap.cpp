#include "bootstrap.hpp"

#include "assignments.hpp"
#include "domains.hpp"
#include "passwords.hpp"
#include "projects.hpp"
#include "roles.hpp"
#include "users.hpp"

#include <volutus/formats.hpp>

#include <fmt/format.h>

#include <cctype>
#include <system_error>

namespace volutus::identity_service {

namespace {

constexpr std::size_t longest_password = 4096;

std::string read_password(std::string const& path) {
    world::File const file(path, world::File::Mode::read);
    std::string text(longest_password + 2, '\0');
    text.resize(file.read_at(0, text.data(), text.size()));
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back()))) text.pop_back();
    if (text.empty() || text.size() > longest_password)
        throw Error(Code::invalid, fmt::format("{} holds no password; write one line of 1 to {} bytes, or remove the "
                                               "file and one will be made",
                                               path, longest_password));
    return text;
}

// The file gets its name when it is whole: a crash leaves either none or one with the password.
std::string make_password(std::string const& path) {
    auto const password = new_plain_uuid();
    auto const text = password + "\n", unfinished = path + ".new";
    world::remove_file(unfinished);
    {
        world::File file(unfinished, world::File::Mode::create);
        file.write_at(0, text.data(), text.size());
        file.sync();
    }
    world::rename_file(unfinished, path);
    auto const slash = path.rfind('/');
    world::sync_directory(slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash));
    return password;
}

std::string admin_password(std::string const& path) {
    try {
        return world::file_exists(path) ? read_password(path) : make_password(path);
    } catch (std::system_error const& error) {
        throw Error(Code::invalid, fmt::format("admin_password_file: {}", error.what()));
    }
}

class FirstDocuments {
public:
    explicit FirstDocuments(std::string hash) {
        Domain domain;
        domain.id = default_domain;
        domain.name = "Default";
        domain.description = "The default domain";
        writes_ += put(domain);
        auto const admin_project = add_project("admin", "Bootstrap project for initializing the cloud.");
        add_project("service", "What services own.");

        std::string above;
        for (auto const* name : {"admin", "manager", "member", "reader"}) {
            auto const role = add_role(name);
            if (!above.empty()) add_implication(above, role);
            above = role;
        }
        add_role("service");

        User admin;
        admin.id = new_plain_uuid();
        admin.domain_id = default_domain;
        admin.name = "admin";
        admin.password = std::move(hash);
        writes_ += put(admin);
        Assignment on_project;
        on_project.user_id = admin.id;
        on_project.role_id = admin_role_;
        auto on_system = on_project;
        on_project.project_id = admin_project;
        on_system.system = true;
        for (auto* assignment : {&on_project, &on_system}) {
            assignment->id = id_for(*assignment);
            writes_ += put(*assignment);
        }
    }

    Writes take() { return std::move(writes_); }

private:
    std::string add_project(std::string_view name, std::string_view description) {
        Project project;
        project.id = new_plain_uuid();
        project.name = name;
        project.domain_id = project.parent_id = default_domain;
        project.description = description;
        writes_ += put(project);
        return project.id;
    }
    // Immutable: without them nobody could do anything any more.
    std::string add_role(std::string_view name) {
        Role role;
        role.id = new_plain_uuid();
        role.name = name;
        role.options["immutable"] = true;
        writes_ += put(role);
        if (name == "admin") admin_role_ = role.id;
        return role.id;
    }
    void add_implication(std::string const& prior, std::string const& implied) {
        ImpliedRole row;
        row.id = prior + "/" + implied;
        row.prior_role_id = prior;
        row.implied_role_id = implied;
        writes_ += put(row);
    }

    Writes writes_;
    std::string admin_role_;
};

} // namespace

void bootstrap(Host host, Call& call, Settings const& settings) {
    Store store(host, call);
    if (store.find<Domain>()) return;
    auto const password = admin_password(settings.admin_password_file);
    try {
        store.apply(FirstDocuments(password_hash(host, call, password)).take());
    } catch (Error const& error) {
        if (error.code() != Code::precondition) throw; // another controller was first
        return;
    }
    host.log(Level::notice, "made the default domain and its administrator",
             {{"user", "admin"}, {"password_file", settings.admin_password_file}});
}

} // namespace volutus::identity_service
