# srcip-lint in a container that needs no network, no root and nothing to write to:
#
#     docker build --tag srcip-lint .
#     docker run --rm --network none --read-only --volume "$PWD:/manifests:ro" srcip-lint
#     helm template charts/web | docker run --rm --interactive --network none --read-only srcip-lint -
#
# The base is pinned by digest; the tag beside it says which release that was.
FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b AS build
WORKDIR /src
COPY LICENSE README.md pyproject.toml ./
COPY linter linter
COPY rules rules
COPY schemas schemas
# An environment without pip: nothing in the image installs anything.
RUN python -m venv --without-pip /opt/srcip-lint \
    && python -m pip --python /opt/srcip-lint/bin/python install --no-cache-dir .

FROM python:3.13-slim@sha256:7c61056e61ac89e852de05f3dc6fa51a6dd2181797bceed46aa725dd7cb2cd3b
COPY --from=build /opt/srcip-lint /opt/srcip-lint
ENV PATH=/opt/srcip-lint/bin:$PATH
USER 65532:65532
WORKDIR /manifests
ENTRYPOINT ["srcip-lint"]
CMD ["."]
