FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN make build

FROM scratch
COPY --from=build /src/bin/kubevitals /kubevitals
USER 65534:65534
EXPOSE 9899
ENTRYPOINT ["/kubevitals"]
