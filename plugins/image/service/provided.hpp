// What other plugins and the operator get of images: volutus.images/1 and the prover.
#pragma once

#include "image.hpp"

#include <volutus/contract/image_store.hpp>
#include <volutus/contract/images.hpp>
#include <volutus/contract/prover.hpp>

#include <map>

namespace volutus::image_service {

class ImagesForOthers : public images::Images {
public:
    explicit ImagesForOthers(Host host) : host_(host), stores_(host) {}
    images::Image show(Call& call, images::ImageId const& wanted) override;
    void download(Call& call, images::ImageId const& wanted) override;

private:
    Image seen(Call& call, std::string const& id) const;

    Host host_;
    Client<image_store::contract> stores_;
};

// Every image that has data has it at the store, of its size; and the store has nothing else. Data that no image will ever
// show is removed by a repair; data that is lost cannot be brought back.
class Prover : public prover::Prover {
public:
    explicit Prover(Host host) : host_(host), stores_(host) {}
    prover::Verdict verify(Call& call) override { return compare(call, false); }
    prover::Verdict repair(Call& call) override { return compare(call, true); }

private:
    prover::Verdict compare(Call& call, bool repair) const;
    std::map<std::string, std::uint64_t> kept(Call& call) const; // sizes at the store, by image

    Host host_;
    Client<image_store::contract> stores_;
};

} // namespace volutus::image_service
