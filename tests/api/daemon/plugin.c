/* The smallest plugin, with the manifest that a test gives it; and, by definitions, one whose entry fails or hangs. */
#include <string.h>
#include <unistd.h>
#include <volutus.h>

__attribute__((section(VLT_MANIFEST_SECTION), used, retain)) static const char manifest[sizeof MANIFEST - 1] = MANIFEST;

static vlt_status answer(vlt_plugin* self, vlt_call* call, vlt_str contract, vlt_str name, vlt_str request,
                         vlt_str* reply) {
    (void)self, (void)call, (void)contract, (void)name, (void)request, (void)reply;
    return VLT_UNSUPPORTED;
}

static void release(vlt_plugin* self) { (void)self; }

vlt_status volutus_plugin_1(vlt_host const* host, vlt_call* call, vlt_plugin_ref* out) {
    static vlt_plugin table = {{sizeof(vlt_plugin), VLT_ABI_MAJOR, VLT_ABI_MINOR}, 0, 0, answer, 0, 0, 0, release};
    (void)host;
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
