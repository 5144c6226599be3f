#include "widget_service.hpp"

#include <cstdlib>
#include <fstream>

using namespace sdk_resource::toy;

namespace {
json::object served(Widgets& test) {
    service::HttpRequest http;
    http.route = "GET /openapi.json";
    http.path = "/openapi.json";
    http.base = "https://cloud.test/toy";
    auto const nobody = testkit::nobody();
    auto const reply = test.fake.send(test.service, http, &nobody);
    EXPECT_EQ(reply.status, 200u);
    return reply.body().as_object();
}
} // namespace

TEST_F(Widgets, TheirOpenApiDocumentComesFromTheTable) {
    json::value const document = served(*this);
    EXPECT_EQ(json::text(document.at("openapi")), "3.1.0");
    auto const& create = document.at("paths").at("/v1/widgets").at("post");
    auto const& body = create.at("requestBody").at("content").at("application/json").at("schema");
    auto const& one = body.at("oneOf").at(0).at("properties").at("widget");
    EXPECT_EQ(json::print(one.at("required")), R"(["name"])");
    EXPECT_EQ(one.at("properties").at("weight").at("maximum").as_int64(), 100);
    EXPECT_EQ(json::print(one.at("properties").at("size").at("required")), R"(["width"])");
    EXPECT_TRUE(create.at("responses").as_object().contains("201"));
    auto const& widget = document.at("components").at("schemas").at("widget").at("properties").as_object();
    EXPECT_FALSE(widget.contains("password"));
    EXPECT_TRUE(widget.contains("links") && widget.contains("tenant_id"));
    auto const& action = document.at("paths").at("/v1/widgets/{widget_id}/action").at("post");
    EXPECT_EQ(action.at("requestBody").at("content").at("application/json").at("schema").at("anyOf").as_array().size(),
              2u);
}

TEST_F(Widgets, EveryPathOfTheirOpenApiDocumentDeclaresItsCaptures) {
    auto const document = served(*this);
    for (auto const& [path, methods] : document.at("paths").as_object())
        for (auto const& [method, operation] : methods.as_object()) {
            std::size_t captures = 0, declared = 0;
            for (char c : std::string_view(path)) captures += c == '{';
            if (auto const* parameters = operation.as_object().if_contains("parameters"))
                for (auto const& parameter : parameters->as_array())
                    declared += json::text(parameter.at("in")) == "path";
            EXPECT_EQ(captures, declared) << path;
            EXPECT_FALSE(operation.at("responses").as_object().empty());
        }
}

// JSON Schema's own meta-schema, by the distribution's validator.
TEST_F(Widgets, TheSchemasOfTheirOpenApiDocumentAreValidJsonSchema) {
    auto const path = testing::TempDir() + "volutus_openapi_" + new_uuid() + ".json";
    std::ofstream(path) << json::print(served(*this));
    std::string const program = "import json,sys\n"
                                "from jsonschema import Draft202012Validator as V\n"
                                "d=json.load(open(sys.argv[1]))\n"
                                "def walk(x):\n"
                                "  if isinstance(x,dict):\n"
                                "    for k,v in x.items():\n"
                                "      if k=='schema': V.check_schema(v)\n"
                                "      walk(v)\n"
                                "  elif isinstance(x,list):\n"
                                "    [walk(v) for v in x]\n"
                                "walk(d)\n"
                                "[V.check_schema(s) for s in d['components']['schemas'].values()]\n";
    auto const status = std::system(("python3 -c \"" + program + "\" " + path).c_str());
    std::remove(path.c_str());
    EXPECT_EQ(status, 0) << "python3-jsonschema is needed, and finds a schema of the document invalid";
}
