// The tasks that end what an upload or a deletion began.
//
// image.watch: works on the attempt of an upload while its image is saving. When no upload is alive - the daemon died in
// the middle of it, or its last write failed - the data goes and the image is killed. It is not queued again: with a new
// upload under the same id, a call of this task that was delayed could remove the new data.
// image.erase: removes the data of an image that is gone, and the erasure that stands for it.
// Both go on until they are done: data that the driver does not let go of is asked for again for as long as it takes.
#pragma once

#include "image.hpp"

#include <volutus/contract/image_store.hpp>
#include <volutus/task.hpp>

#include <set>

namespace volutus::image_service {

// The uploads that this daemon is busy with. Any thread.
class LiveUploads {
public:
    bool has(std::string const& id) const;

    // One upload, as long as this lives.
    class Held {
    public:
        Held(LiveUploads& owner, std::string id);
        ~Held();
        Held(Held const&) = delete;
        Held& operator=(Held const&) = delete;

    private:
        LiveUploads& owner_;
        std::string id_;
    };

private:
    mutable world::Mutex mutex_;
    std::multiset<std::string> ids_; // two may try at once; the store lets one through
};

class ImageTasks {
public:
    ImageTasks(Host host, LiveUploads& uploads) : host_(host), stores_(host), uploads_(uploads) {}

    store::Apply watch(Step& step);
    store::Apply erase(Step& step);
    store::Apply failed(Step& step);

private:
    Host host_;
    Client<image_store::contract> stores_;
    LiveUploads& uploads_;
};

inline constexpr auto watch_upload =
    until_done(task<&ImageTasks::failed>("image.watch", 1, step<&ImageTasks::watch>("watch")));
inline constexpr auto erase_data =
    until_done(task<&ImageTasks::failed>("image.erase", 1, step<&ImageTasks::erase>("erase")));

} // namespace volutus::image_service
