// Makes widgets as files of a directory.
#pragma once

#include <volutus/contract/toy.hpp>
#include <volutus/fenced_records.hpp>

namespace volutus::toy::file {

struct Settings {
    std::string directory;
};

class Maker : public toy::Maker {
public:
    explicit Maker(Settings const& settings) : records_(settings.directory) {}

    Widget make(Call& call, MakeWidget const& wanted) override;
    Widget paint(Call& call, PaintWidget const& wanted) override;
    void remove(Call& call, WidgetId const& widget) override;
    std::optional<Widget> show(Call& call, WidgetId const& widget) override;
    Widgets list(Call& call) override;

private:
    FencedRecords records_;
};

} // namespace volutus::toy::file
