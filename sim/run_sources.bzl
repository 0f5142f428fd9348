"""The sources of a package that decide what a run is."""

def run_sources():
    """Makes `:sources`, of whose digest, with those of the other such packages, a build has its name (//runner:build)."""
    native.filegroup(
        name = "sources",
        srcs = native.glob([
            "**/*.cc",
            "**/*.h",
            "**/*.proto",
        ]),
        visibility = ["//runner:__pkg__"],
    )
