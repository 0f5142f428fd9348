"""Finds the rule repositories that Bazel 4.2.3 insists on, without the network.

Debian packages rules_java and rules_proto below /usr/share/bazel. Elsewhere (a stock Bazel)
they aren't there; Bazel then uses its own download unless we define them, so we define nothing.
rules_cc and remote_coverage_tools are stubs of ours: the packaged rules_cc is too new for Bazel 4.2.3.
"""

_DEBIAN = "/usr/share/bazel/rules/"

def _packaged_or_stub_impl(ctx):
    path = ctx.path(_DEBIAN + ctx.attr.directory)
    if path.exists:
        for entry in path.readdir():
            ctx.symlink(entry, entry.basename)
    else:
        # What a C++ build needs of it: that it exists.
        ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name)
        ctx.file("BUILD", "")
        for package in ctx.attr.packages:
            ctx.file(package + "/BUILD", "package(default_visibility = [\"//visibility:public\"])\n")
            ctx.file(package + "/defs.bzl", "")

_packaged_or_stub = repository_rule(
    implementation = _packaged_or_stub_impl,
    attrs = {
        "directory": attr.string(mandatory = True),
        "packages": attr.string_list(),
    },
    local = True,
)

def bazel_rule_repositories():
    _packaged_or_stub(name = "rules_java", directory = "java", packages = ["java"])
    _packaged_or_stub(name = "rules_proto", directory = "proto", packages = ["proto"])
    native.local_repository(name = "rules_cc", path = "third_party/bazel_stubs/rules_cc")
    native.local_repository(
        name = "remote_coverage_tools",
        path = "third_party/bazel_stubs/remote_coverage_tools",
    )
