/* The smallest plugin, with the manifest that a test gives it; and, by definitions, one whose entry fails or hangs,
 * one that exports more than its entry, or one that, when it starts, writes a kind of another. */
#include <string.h>
#include <unistd.h>
#include <volutus.h>

__attribute__((section(VLT_MANIFEST_SECTION), used, retain)) static const char manifest[sizeof MANIFEST - 1] = MANIFEST;

static vlt_status answer(vlt_plugin* self, vlt_call* call, vlt_str contract, vlt_str name, vlt_str request,
                         vlt_str* reply) {
    (void)self, (void)call, (void)contract, (void)name, (void)request, (void)reply;
    return VLT_UNSUPPORTED;
}

#ifdef EXPORTS_MORE
__attribute__((visibility("default"))) int second_symbol = 1;
#endif

#ifdef TRESPASSES
static vlt_host const* host_of_plugin;

static vlt_str text(char const* words) { return (vlt_str){words, strlen(words)}; }

static vlt_status start(vlt_plugin* self, vlt_call* call) {
    vlt_str reply = {"", 0};
    (void)self;
    vlt_status status =
        host_of_plugin->call(host_of_plugin, call, text("volutus.store/1"), text("apply"), text(""),
                             text("{\"put\":[{\"kind\":\"toy.widget\",\"id\":\"forged\",\"body\":{}}]}"), 0, 0, &reply);
    return status == VLT_OK ? VLT_OK : call->fail(call, status, reply, text(""));
}
#define START start
#else
#define START 0
#endif

static void release(vlt_plugin* self) { (void)self; }

vlt_status volutus_plugin_1(vlt_host const* host, vlt_call* call, vlt_plugin_ref* out) {
    static vlt_plugin table = {{sizeof(vlt_plugin), VLT_ABI_MAJOR, VLT_ABI_MINOR}, 0, START, answer, 0, 0, 0, release};
    (void)host;
#ifdef TRESPASSES
    host_of_plugin = host;
#endif
#ifdef FAILS
    const char* why = "the backend is not there; start it";
    return call->fail(call, VLT_UNAVAILABLE, (vlt_str){why, strlen(why)}, (vlt_str){"", 0});
#endif
#ifdef HANGS
    while (1) pause();
#endif
    (void)call;
    out->plugin = &table;
    return VLT_OK;
}
