#include <volutus/fenced_records.hpp>

#include <volutus/error.hpp>

#include <algorithm>

namespace volutus {

namespace {
constexpr char const* ending = ".json";
constexpr char const* half_written = ".new";

bool ends_with(std::string const& name, std::string_view with) {
    return name.size() > with.size() && name.compare(name.size() - with.size(), with.size(), with) == 0;
}

void check_id(std::string const& id) {
    auto const allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
               c == '-';
    };
    if (id.empty() || id.size() > 200 || id[0] == '.' || !std::all_of(id.begin(), id.end(), allowed))
        throw Error(Code::invalid, "'" + id + "' cannot name a record; use 1 to 200 letters, digits, '.', '_' and '-'");
}
} // namespace

FencedRecords::FencedRecords(std::string directory) : directory_(std::move(directory)) {
    world::make_directory(directory_);
    for (auto const& name : world::list_directory(directory_))
        if (ends_with(name, half_written)) world::remove_file(directory_ + "/" + name);
}

FencedRecords::Held FencedRecords::hold(std::string const& id, Operation const& operation) {
    check_id(id);
    {
        world::Lock lock(mutex_);
        let_go_.wait(lock, [&] { return held_.count(id) == 0; });
        held_.insert(id);
    }
    Held held(*this, id, 0, std::nullopt); // lets go again when what follows throws
    auto record = load(id);
    if (operation.epoch != 0 && operation.epoch < record.epoch)
        throw Error(Code::stale, "a later task owns " + id + ": this call has epoch " +
                                     std::to_string(operation.epoch) + ", " + std::to_string(record.epoch) +
                                     " was seen");
    if (operation.epoch > record.epoch) {
        record.epoch = operation.epoch;
        store(id, record);
    }
    held.epoch_ = record.epoch;
    held.body_ = std::move(record.body);
    return held;
}

FencedRecords::Held::~Held() {
    if (owner_) owner_->let_go(id_);
}

void FencedRecords::Held::write(json::object body) {
    body_ = std::move(body);
    owner_->store(id_, {epoch_, body_});
}

void FencedRecords::Held::remove() {
    body_.reset();
    owner_->store(id_, {epoch_, std::nullopt});
}

void FencedRecords::let_go(std::string const& id) {
    world::Lock lock(mutex_);
    held_.erase(id);
    let_go_.notify_all();
}

std::optional<json::object> FencedRecords::read(std::string const& id) const {
    check_id(id);
    return load(id).body;
}

std::vector<std::string> FencedRecords::present() const {
    std::vector<std::string> ids;
    for (auto const& name : world::list_directory(directory_)) {
        if (!ends_with(name, ending)) continue;
        auto id = name.substr(0, name.size() - std::string_view(ending).size());
        if (load(id).body) ids.push_back(std::move(id));
    }
    return ids;
}

FencedRecords::Record FencedRecords::load(std::string const& id) const {
    auto const path = directory_ + "/" + id + ending;
    if (!world::file_exists(path)) return {};
    world::File file(path, world::File::Mode::read);
    std::string text(file.size(), '\0');
    text.resize(file.read_at(0, text.data(), text.size()));
    auto const document = json::parse_object(text);
    Record record;
    record.epoch = document.at("epoch").to_number<std::uint64_t>();
    if (auto const* body = document.if_contains("body")) record.body = body->as_object();
    return record;
}

void FencedRecords::store(std::string const& id, Record const& record) {
    json::object document{{"epoch", record.epoch}};
    if (record.body) document.emplace("body", *record.body);
    auto const text = json::print(document);
    auto const path = directory_ + "/" + id;
    {
        world::File file(path + half_written, world::File::Mode::create);
        file.truncate(0);
        file.write_at(0, text.data(), text.size());
        file.sync();
    }
    world::rename_file(path + half_written, path + ending);
    world::sync_directory(directory_);
}

} // namespace volutus
