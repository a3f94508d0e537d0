"""Which kustomizations are rendered, what they take with them, and that nobody can make them run for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from kustomizing import BASE, OVERLAY, by_name, rendering_of
from srcip_lint.kustomize.files import FLUX_GROUP
from srcip_lint.kustomize.layers import MAX_ENTRIES
from srcip_lint.kustomize.renderer import MAX_DEPTH, MAX_MEMBERS
from srcip_lint.sources import Reading, Source

SERVICE = "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports: [{port: 80}]\n"
BASE_FILES = {"base/kustomization.yaml": BASE, "base/base.yaml": SERVICE}


def streams(files: dict[str, str]) -> list[str]:
    return [each.stream for each in rendering_of(files).documents]


def test_without_a_kustomization_there_is_nothing_to_do() -> None:
    rendering = rendering_of({"a.yaml": SERVICE})
    assert (rendering.documents, rendering.consumed, rendering.gaps) == ((), frozenset(), ())


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
@pytest.mark.parametrize("head", ["", "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"])
def test_every_name_that_kustomize_knows_is_known(name: str, head: str) -> None:
    assert streams({f"base/{name}": head + BASE, "base/base.yaml": SERVICE}) == [f"base/{name}"]


def test_a_file_of_that_name_that_holds_something_else_is_none() -> None:
    rendering = rendering_of({"base/kustomization.yaml": SERVICE})
    assert (rendering.documents, rendering.consumed) == ((), frozenset())


def test_a_base_in_use_is_rendered_only_for_its_users() -> None:
    files = {**BASE_FILES, "dev/kustomization.yaml": OVERLAY, "prod/kustomization.yaml": OVERLAY}
    assert streams(files) == ["dev/kustomization.yaml", "prod/kustomization.yaml"]


def test_a_component_alone_is_rendered_and_one_in_use_is_not() -> None:
    component = "kind: Component\nresources: [base.yaml]\n"
    files = {"part/kustomization.yaml": component, "part/base.yaml": SERVICE}
    assert streams(files) == ["part/kustomization.yaml"]
    assert streams({**files, "top/kustomization.yaml": "components: [../part]\n"}) == ["top/kustomization.yaml"]


def test_bases_are_resources_by_their_old_name() -> None:
    assert streams({**BASE_FILES, "top/kustomization.yaml": "bases: [../base/]\n"}) == ["top/kustomization.yaml"]


def test_what_a_kustomization_names_is_no_manifest_of_its_own() -> None:
    named = """\
resources: [base.yaml]
patches: [{path: patch.yaml}]
patchesStrategicMerge: [merge.yaml]
patchesJson6902: [{path: operations.yaml, target: {kind: Service}}]
transformers: [transformer.yaml]
configMapGenerator: [{name: made, files: [key=manifest.yaml]}]
secretGenerator: [{name: made, files: [secret.yaml]}]
replacements: [{path: replacement.yaml}]
"""
    names = ["base", "patch", "merge", "operations", "transformer", "manifest", "secret", "replacement"]
    files = {f"base/{name}.yaml": SERVICE for name in (*names, "other")}
    consumed = rendering_of({**files, "base/kustomization.yaml": named}).consumed
    assert consumed == {"base/kustomization.yaml", *(f"base/{name}.yaml" for name in names)}


def test_a_cycle_is_a_problem_at_its_line_and_the_rest_is_rendered() -> None:
    files = {
        "a/kustomization.yaml": "resources:\n  - ../b\n",
        "b/kustomization.yaml": "resources:\n  - base.yaml\n  - ../a\n",
        "b/base.yaml": SERVICE,
    }
    rendering = rendering_of(files)
    (problem,) = rendering.problems
    assert (problem.source.path, problem.span.line) == ("b/kustomization.yaml", 3)
    assert "includes itself" in problem.reason
    assert [each.stream for each in rendering.documents] == ["a/kustomization.yaml"]
    assert rendering.gaps == (("a",),)


def test_a_kustomization_that_includes_its_own_folder_is_a_cycle_too() -> None:
    rendering = rendering_of({"a/kustomization.yaml": "resources: [., base.yaml]\n", "a/base.yaml": SERVICE})
    assert len(rendering.problems) == len(rendering.documents) == 1


def test_a_base_met_twice_is_there_twice() -> None:
    files = {
        **BASE_FILES,
        "a/kustomization.yaml": OVERLAY + "namePrefix: a-\n",
        "b/kustomization.yaml": OVERLAY,
        "top/kustomization.yaml": "resources: [../a, ../b]\n",
    }
    assert set(by_name(rendering_of(files))) == {"Service a-web", "Service web"}


def test_bases_included_again_and_again_are_bounded() -> None:
    files = dict(BASE_FILES)
    for level in range(30):
        below = f"../{level - 1}" if level else "../base"
        files[f"{level}/kustomization.yaml"] = f"resources: [{below}, {below}]\n"
    rendering = rendering_of(files)
    assert len(rendering.documents) == MAX_MEMBERS
    assert rendering.gaps == (("29",),)


def test_depth_is_bounded() -> None:
    files = dict(BASE_FILES)
    for level in range(MAX_DEPTH + 5):
        files[f"{level}/kustomization.yaml"] = f"resources: [{f'../{level - 1}' if level else '../base'}]\n"
    rendering = rendering_of(files)
    assert (rendering.documents, len(rendering.gaps)) == ((), 1)


def test_the_work_of_a_run_is_bounded_and_what_is_left_out_is_told_once() -> None:
    services = "---\n".join(SERVICE.replace("web", f"web{number}") for number in range(100))
    images = "images: [" + "{name: x, newTag: y}," * 9_999 + "]\n"
    files = {**BASE_FILES, "base/base.yaml": services}
    for name in ("a", "b", "c"):
        files[f"{name}/kustomization.yaml"] = OVERLAY + images
    rendering = rendering_of(files)
    assert [problem.source.path for problem in rendering.problems] == ["a/kustomization.yaml"]
    assert (rendering.documents, rendering.gaps) == ((), (("a",), ("b",), ("c",)))


@pytest.mark.parametrize(("entries", "gaps"), [(MAX_ENTRIES, ()), (MAX_ENTRIES + 1, (("top",),))])
def test_a_list_that_is_too_long_leaves_a_gap(entries: int, gaps: tuple[tuple[str, ...], ...]) -> None:
    files = {**BASE_FILES, "top/kustomization.yaml": f"{OVERLAY}images: [{'{name: x}, ' * entries}]\n"}
    assert rendering_of(files).gaps == gaps


def test_a_broken_kustomization_is_a_problem_and_its_folder_is_judged_as_it_stands() -> None:
    rendering = rendering_of({"base/kustomization.yaml": "resources: [", "base/base.yaml": SERVICE})
    assert [problem.source.path for problem in rendering.problems] == ["base/kustomization.yaml"]
    assert rendering.consumed == frozenset()


def test_objects_of_other_kinds_are_told_of_in_their_namespace() -> None:
    role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata:\n  name: r\n"
    files = {"base/base.yaml": role, "base/kustomization.yaml": f"{BASE}namespace: prod\n"}
    ((sketch, folder),) = rendering_of(files).sketches
    assert (sketch.kind, sketch.namespace, folder) == ("Role", "prod", ("base",))


def flux_object(spec: str, name: str = "web") -> str:
    return f"apiVersion: {FLUX_GROUP}/v1\nkind: Kustomization\nmetadata: {{name: {name}}}\nspec: {spec}\n"


def test_flux_changes_what_it_applies_and_nothing_else_judges_it() -> None:
    clusters = [flux_object(f"{{path: ./base, targetNamespace: {name}}}", name) for name in ("dev", "prod")]
    rendering = rendering_of({**BASE_FILES, "clusters/all.yaml": "---\n".join(clusters)})
    found = [(each.stream, each.folder, each.value["metadata"]["namespace"]) for each in rendering.documents]
    assert found == [("clusters/all.yaml#dev", ("base",), "dev"), ("clusters/all.yaml#prod", ("base",), "prod")]
    assert "clusters/all.yaml" not in rendering.consumed


@pytest.mark.parametrize(
    ("spec", "service"),
    [
        ("{path: base, namePrefix: p-, nameSuffix: -s}", "Service p-web-s"),
        (
            "{path: base, patchesStrategicMerge: "
            "[{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: X}}]}",
            "X",
        ),
        (
            "{path: base, patchesJson6902: "
            "[{target: {kind: Service}, patch: [{op: add, path: /spec/type, value: X}]}]}",
            "X",
        ),
        ("{path: base, commonMetadata: {labels: {team: a}}}", "team"),
        ("{path: base, components: [../part]}", "part"),
    ],
)
def test_what_flux_can_change(spec: str, service: str) -> None:
    part = "kind: Component\nnamePrefix: part-\n"
    files = {**BASE_FILES, "part/kustomization.yaml": part, "clusters/web.yaml": flux_object(spec)}
    found = [each for each in rendering_of(files).documents if each.stream.startswith("clusters/")]
    assert service in f"{[*by_name(rendering_of(files))]} {[each.value for each in found]}"


def test_flux_that_changes_nothing_leaves_the_folder_as_it_is() -> None:
    assert streams({**BASE_FILES, "clusters/web.yaml": flux_object("{path: ./base}")}) == ["base/kustomization.yaml"]


def test_a_folder_for_flux_that_is_not_here_changes_nothing() -> None:
    files = {**BASE_FILES, "clusters/web.yaml": flux_object("{path: ./elsewhere, targetNamespace: prod}")}
    assert streams(files) == ["base/kustomization.yaml"]


def test_a_flux_object_that_an_overlay_points_elsewhere_is_followed_there() -> None:
    files = {
        **BASE_FILES,
        "clusters/base/web.yaml": flux_object("{path: ./nowhere, targetNamespace: prod}"),
        "clusters/base/kustomization.yaml": "resources: [web.yaml]\n",
        "clusters/prod/kustomization.yaml": "resources: [../base]\npatches: [{target: {kind: Kustomization}, "
        "patch: '[{op: replace, path: /spec/path, value: ./base}]'}]\n",
    }
    documents = rendering_of(files).documents
    (service,) = [each.value for each in documents if each.value["kind"] == "Service"]
    assert service["metadata"]["namespace"] == "prod"


def clusters_of_one_flux_object(first: str = "", second: str = "") -> dict[str, str]:
    """Two clusters that apply one Flux object, each with what is said of it further."""
    return {
        **BASE_FILES,
        "clusters/base/web.yaml": flux_object("{path: ./base, targetNamespace: prod}"),
        "clusters/base/kustomization.yaml": "resources: [web.yaml]\n",
        "clusters/c1/kustomization.yaml": f"resources: [../base]\n{first}",
        "clusters/c2/kustomization.yaml": f"resources: [../base]\n{second}",
    }


def flux_patch(field: str, value: str) -> str:
    patch = f"[{{op: add, path: /spec/{field}, value: {value}}}]"
    return f"patches: [{{target: {{kind: Kustomization}}, patch: '{patch}'}}]\n"


def services(files: dict[str, str]) -> list[tuple[str, str]]:
    """The stream and the namespace of each Service."""
    documents = rendering_of(files).documents
    return [(each.stream, each.value["metadata"]["namespace"]) for each in documents if each.value["kind"] == "Service"]


@pytest.mark.parametrize("second", ["", flux_patch("interval", "5m"), flux_patch("targetNamespace", "prod")])
def test_a_flux_object_that_does_the_same_in_two_clusters_delivers_once(second: str) -> None:
    assert services(clusters_of_one_flux_object(second=second)) == [("clusters/base/web.yaml#web", "prod")]


def test_a_flux_object_that_clusters_change_delivers_to_each_apart() -> None:
    files = clusters_of_one_flux_object(flux_patch("namePrefix", "a-"), flux_patch("targetNamespace", "dev"))
    assert [namespace for _, namespace in services(files)] == ["prod", "dev"]
    assert len({stream for stream, _ in services(files)}) == 2


def test_a_flux_object_that_clusters_point_to_different_folders_delivers_both() -> None:
    other = {"other/kustomization.yaml": BASE, "other/base.yaml": SERVICE}
    files = {**other, **clusters_of_one_flux_object(second=flux_patch("path", "./other"))}
    found = services(files)
    assert len(found) == len({stream for stream, _ in found}) == 2


def rendered_from(tmp_path: Path, files: dict[str, str], *given: str) -> tuple[list[str], tuple[tuple[str, ...], ...]]:
    """The objects of a kustomization that is the only input, with everything else on the disk."""
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    reading = Reading([str(tmp_path / name) for name in given])
    texts = {source.path: source.data.decode() for source in reading}
    rendering = rendering_of(texts, reading.beside)
    return sorted(by_name(rendering)), rendering.gaps


def test_a_base_beside_the_input_is_read_from_the_disk(tmp_path: Path) -> None:
    objects, gaps = rendered_from(tmp_path, {**BASE_FILES, "top/kustomization.yaml": OVERLAY}, "top")
    assert (objects, gaps) == (["Service web"], ())


@pytest.mark.parametrize("reference", ["../secret.yaml", "link.yaml", "/etc/hostname"])
def test_a_file_outside_the_kustomizations_folder_is_not_opened(tmp_path: Path, reference: str) -> None:
    (tmp_path / "top").mkdir()
    (tmp_path / "top" / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    files = {"secret.yaml": SERVICE, "top/kustomization.yaml": f"resources: [{reference}]\n"}
    objects, gaps = rendered_from(tmp_path, files, "top")
    assert objects == []
    assert len(gaps) == 1


def test_what_is_excluded_is_not_opened_either(tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(SERVICE, encoding="utf-8")
    reading = Reading([str(tmp_path)], exclude=lambda path: path.endswith("secret.yaml"))
    assert reading.beside(str(tmp_path / "secret.yaml"), None) is None


def test_nothing_is_opened_where_nothing_was_read_from_the_disk() -> None:
    assert Reading([]).beside(__file__, None) is None


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert Reading([str(tmp_path)]).beside(str(tmp_path), None) is None


def test_the_kustomization_without_a_suffix_is_found_in_a_walk(tmp_path: Path) -> None:
    (tmp_path / "Kustomization").write_text(BASE, encoding="utf-8")
    (tmp_path / "Makefile").write_text("all:\n", encoding="utf-8")
    sources: list[Source] = list(Reading([str(tmp_path)]))
    assert [Path(source.path).name for source in sources] == ["Kustomization"]
