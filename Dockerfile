# The image: the programs of `npm run package` with the Node that runs them, on a small Debian.
#
#   docker build --build-arg CARACAL_COMMIT=$(git rev-parse HEAD) -t caracal:0.1.0 .
#
# For another processor with `docker buildx build --platform linux/arm64`: nothing of it runs while the image is built, the
# packages are fetched for it. With a registry of one's own in front, give other names: --build-arg BASE_IMAGE=...

ARG BUILD_IMAGE=docker.io/library/node:24-bookworm-slim
ARG BASE_IMAGE=docker.io/library/debian:bookworm-slim

FROM --platform=$BUILDPLATFORM $BUILD_IMAGE AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY src/node-bgp/package.json src/node-bgp/
RUN npm ci --ignore-scripts --loglevel=error
COPY . .
ARG TARGETARCH
ARG CARACAL_COMMIT=unknown
RUN node deploy/package.ts --arch "$TARGETARCH" --unpacked --folder /image/opt \
 && mv /image/opt/caracal-* /image/opt/caracal \
 && mkdir -p /image/run/caracal \
 && chmod 1777 /image/run/caracal

FROM $BASE_IMAGE
COPY --from=build /image/ /
ENV PATH=/opt/caracal/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# No USER: a sidecar needs NET_ADMIN, and a container gives capabilities to root alone. A reflector needs none at a high
# port and runs as anybody: `--user 65532:65532 --cap-drop ALL`. See docs/install.md.

# Whether a daemon answers at its socket, and not whether it is ready: nobody is to restart a router that waits for its peers.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s CMD ["caracal", "status"]

ENTRYPOINT ["caracal"]
CMD ["run"]
