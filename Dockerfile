# syntax=docker/dockerfile:1
FROM swift:6.2-bookworm AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libcurl4-openssl-dev libgsl-dev libsqlite3-dev libzstd-dev make pkg-config zlib1g-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN make release && strip .build/release/skewmem

FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates libcurl4 libgsl27 libsqlite3-0 libzstd1 zlib1g \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home auditor
COPY --from=build /source/.build/release/skewmem /usr/local/bin/skewmem
USER auditor
WORKDIR /data
ENTRYPOINT ["skewmem"]
CMD ["--help"]
