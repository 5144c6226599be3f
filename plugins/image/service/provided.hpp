// What other plugins and the operator get of images: volutus.images/1 and the prover.
#pragma once

#include "image.hpp"

#include <volutus/contract/image_store.hpp>
#include <volutus/contract/images.hpp>
#include <volutus/contract/prover.hpp>

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

// Every image that has data has it at the store, of its size; and the store has nothing else.
class Prover : public prover::Prover {
public:
    explicit Prover(Host host) : host_(host), stores_(host) {}
    prover::Verdict verify(Call& call) override;

private:
    Host host_;
    Client<image_store::contract> stores_;
};

} // namespace volutus::image_service
