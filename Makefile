# `make` builds and verifies; `make help` lists what else there is.
SHELL       := /bin/bash
GO          ?= go
BIN         := bin
ifneq ($(filter e2e-compat,$(MAKECMDGOALS)),)
# There, VERSION is that of Kubernetes, which must not become the one of what is built.
COMPAT      := $(VERSION)
override VERSION := $(shell tools/release/version.sh)
endif
# The one of the file VERSION, which a commit without its tag comes before.
VERSION     ?= $(shell tools/release/version.sh)
REVISION    ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
VERSION_PKG := github.com/prometheus/common/version
LDFLAGS     := -s -w -X $(VERSION_PKG).Version=$(VERSION) -X $(VERSION_PKG).Revision=$(REVISION)
# The same commit and version of Go make the same bytes: no path of this machine, no state of its tree, and
# for archives and images the time of the commit.
BUILD_FLAGS := -trimpath -buildvcs=false -ldflags '$(LDFLAGS)'
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
# The version that the lab's components call themselves.
KUBERNETES  := $(shell sed -n 's|^\tk8s.io/kubernetes \(v[0-9.]*\).*|\1|p' lab/go.mod)
# tools and lab are modules of their own; this one is what users depend on.
PACKAGES    := ./...
JSONNET     := $(wildcard mixin/*.libsonnet mixin/*.jsonnet mixin/signals/*.libsonnet mixin/testdata/*.libsonnet dashboards/*.libsonnet)

.PHONY: all
all: build verify

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "%-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

## ---- build and run

.PHONY: build
build: ## Build bin/kubevitals.
	CGO_ENABLED=0 $(GO) build $(BUILD_FLAGS) -o $(BIN)/kubevitals ./cmd/kubevitals

.PHONY: run
run: build ## Watch an embedded sick cluster; no cluster is needed.
	$(BIN)/kubevitals --demo --web.listen-address=127.0.0.1:9899

.PHONY: lab
lab: $(BIN)/kubevitals-lab build ## Start a real control plane with hollow kubelets on loopback.
	$(BIN)/kubevitals-lab up

.PHONY: $(BIN)/kubevitals-lab
$(BIN)/kubevitals-lab:
	cd lab && CGO_ENABLED=0 $(GO) build -ldflags '-X k8s.io/component-base/version.gitVersion=$(KUBERNETES)' \
		-o ../$(BIN)/kubevitals-lab ./cmd/kubevitals-lab

$(BIN)/coredns: lab/coredns/go.mod lab/coredns/main.go
	cd lab/coredns && CGO_ENABLED=0 $(GO) build -o ../../$@ .

$(BIN)/alertmanager: lab/alertmanager/go.mod
	cd lab/alertmanager && CGO_ENABLED=0 $(GO) build -ldflags '-s -w' -o ../../$@ github.com/prometheus/alertmanager/cmd/alertmanager

# What installs kubevitals as users do, and the operator that they have: the real ones.
$(BIN)/helm: lab/helm/go.mod
	cd lab/helm && CGO_ENABLED=0 $(GO) build -ldflags '-s -w' -o ../../$@ helm.sh/helm/v3/cmd/helm

$(BIN)/prometheus-operator: lab/operator/go.mod
	cd lab/operator && CGO_ENABLED=0 $(GO) build -ldflags '-s -w' -o ../../$@ github.com/prometheus-operator/prometheus-operator/cmd/operator

$(BIN)/prometheus-config-reloader: lab/operator/go.mod
	cd lab/operator && CGO_ENABLED=0 $(GO) build -ldflags '-s -w' -o ../../$@ github.com/prometheus-operator/prometheus-operator/cmd/prometheus-config-reloader

# What a real node runs beside the lab's binary and Debian's runc and CNI plugins.
CONTAINERD := $(BIN)/containerd $(BIN)/containerd-shim-runc-v2 $(BIN)/ctr
CONTAINERD_VERSION := $(shell sed -n 's|^\tgithub.com/containerd/containerd/v2 \(v[0-9.]*\).*|\1|p' lab/containerd/go.mod)

$(CONTAINERD): lab/containerd/go.mod
	cd lab/containerd && CGO_ENABLED=0 $(GO) build -tags no_btrfs,no_zfs,no_devmapper \
		-ldflags '-s -w -X github.com/containerd/containerd/v2/version.Version=$(CONTAINERD_VERSION)' \
		-o ../../$@ github.com/containerd/containerd/v2/cmd/$(@F)

$(BIN)/programs: lab/go.mod $(wildcard lab/programs/*.go)
	cd lab && CGO_ENABLED=0 $(GO) build -ldflags '-s -w' -o ../$@ ./programs

.PHONY: real-node-programs
real-node-programs: $(BIN)/kubevitals-lab $(BIN)/coredns $(BIN)/programs $(CONTAINERD)

.PHONY: lab-real
lab-real: real-node-programs build ## Start a real control plane with a real node: containers, images, a network of pods (needs root, and Debian's runc, containernetworking-plugins and e2fsprogs).
	$(BIN)/kubevitals-lab up --real-nodes=1

RELEASE      = CGO_ENABLED=0 SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) $(GO) run .
RELEASE_OF   = -version '$(VERSION)' -revision '$(REVISION)' -ldflags "$(LDFLAGS)"
HOST        := $(shell $(GO) env GOOS)/$(shell $(GO) env GOARCH)

.PHONY: image
image: ## Write the container image for this machine as an OCI image layout, bin/kubevitals.tar, without a daemon (IMAGE=name).
	cd tools/release && $(RELEASE) image $(RELEASE_OF) -platforms linux/$(notdir $(HOST)) \
		-name $(or $(IMAGE),docker.io/library/kubevitals:latest) -out ../../$(BIN)/kubevitals.tar

.PHONY: release
release: ## Write what is released into dist: archives for six platforms, the image, rules, the chart, what they are made of, and digests.
	cd tools/release && $(RELEASE) build $(RELEASE_OF) -out ../../dist && $(RELEASE) verify ../../dist

.PHONY: licenses
licenses: ## Print the licences of all modules of which code is in the program, and fail where one is not known or not fit.
	cd tools/release && $(RELEASE) licenses

.PHONY: charts
charts: ## Write what Helm makes of the chart with each of many values into bin/charts.
	cd tools/chart && CGO_ENABLED=0 $(GO) run ./render -out ../../$(BIN)/charts

## ---- tests

.PHONY: test
test: ## Run all tests of the product.
	$(GO) test -timeout 30m $(PACKAGES)

.PHONY: test-race
test-race: ## The same under the race detector.
	@# Tests in bubbles of time run on one processor each: goroutines that fire
	@# timers of one bubble share one context of the race detector, and two at
	@# once crash it (golang/go#78156).
	bubbles=$$($(GO) list -test -f '{{if .ForTest}}{{.ForTest}} {{.Deps}}{{end}}' $(PACKAGES) | \
		awk '/testing\/synctest/ {print $$1}' | sort -u) && \
	CGO_ENABLED=1 $(GO) test -timeout 40m -race $$($(GO) list $(PACKAGES) | grep -vxF "$$bubbles") && \
	CGO_ENABLED=1 $(GO) test -timeout 40m -race -cpu 1 $$bubbles

.PHONY: e2e
e2e: e2e-control-plane e2e-timed ## Test against a real control plane.

E2E_NEEDS = build charts $(BIN)/kubevitals-lab $(BIN)/mixincheck $(BIN)/coredns $(BIN)/prometheus $(BIN)/alertmanager

.PHONY: e2e-control-plane
# Without cgo, as the lab was built: what Kubernetes has in common is compiled once.
e2e-control-plane: $(E2E_NEEDS)
	cd lab && $(E2E_ENV) $(GO) test -count=1 -timeout 15m $$($(GO) list ./... | grep -v '/e2e$$\|/chaos$$\|/matrix$$\|/realnode$$')
	cd lab/compat && $(GO) test -count=1 .
	cd lab && CGO_ENABLED=0 $(GO) test -c -o ../$(BIN)/e2e.test ./e2e
	@# Its tests wait more than they work: three parts at once, each with its own control
	@# plane, take little longer than one. The name of each test is in one of them.
	cd lab/e2e && parts=; for part in A-M N-S T-Z; do \
		env $(E2E_ENV) ../../$(BIN)/e2e.test -test.timeout 60m -test.run "^Test[$$part]" & parts="$$parts $$!"; done; \
		failed=0; for part in $$parts; do wait $$part || failed=1; done; exit $$failed

.PHONY: e2e-timed
# They measure times, so nothing runs beside them.
e2e-timed: $(E2E_NEEDS)
	cd lab && $(E2E_ENV) $(GO) test -count=1 -timeout 15m ./chaos
	cd lab && $(E2E_ENV) $(GO) test -count=1 -timeout 15m ./matrix

.PHONY: e2e-compat
e2e-compat: build charts $(BIN)/kubevitals-lab $(BIN)/mixincheck $(BIN)/coredns ## Test against the control plane and kubelets of another version of Kubernetes: make e2e-compat VERSION=v1.34.4; writes docs/kubernetes-versions.md (COMPAT_FLAGS=flags: see what they say). The first build of a version compiles a whole Kubernetes.
	cd lab/compat && $(E2E_ENV) $(GO) run . -version '$(COMPAT)' -out ../../$(BIN)/compat/'$(COMPAT)' \
		$(or $(COMPAT_FLAGS),-skip '$(COMPAT_SKIP)' -document ../../docs/kubernetes-versions.md)

# These look at nothing that depends on the version of Kubernetes.
COMPAT_SKIP := ^(TestPrometheusReads)$$

.PHONY: e2e-real-node
e2e-real-node: build image real-node-programs $(BIN)/prometheus ## Test on real nodes how kubevitals runs as it is shipped, and what really fails there (needs root, and Debian's runc, containernetworking-plugins and e2fsprogs; KUBEVITALS_REAL_NODE_REQUIRED=1: fail rather than skip where there can be none).
	@# It prints who said what, and when; also that it is skipped, and why. Its tests wait
	@# more than they work, so that all run at once.
	cd lab && $(E2E_ENV) $(GO) test -count=1 -v -parallel 3 -timeout 40m ./realnode

.PHONY: e2e-real-node-all
e2e-real-node-all: E2E_ENV += KUBEVITALS_REAL_NODE_ALL=1 KUBEVITALS_REAL_NODE_TABLE=$(CURDIR)/docs/real-node.md \
	KUBEVITALS_FIRST_PAGES_TABLE=$(CURDIR)/docs/install.md
e2e-real-node-all: $(BIN)/helm $(BIN)/prometheus-operator $(BIN)/prometheus-config-reloader e2e-real-node ## The same with failures that take long, and kubevitals installed word for word as docs/install.md says; writes the tables of that and of docs/real-node.md.

E2E_ENV = CGO_ENABLED=0 KUBEVITALS_MIXINCHECK=$(CURDIR)/$(BIN)/mixincheck KUBEVITALS_COREDNS=$(CURDIR)/$(BIN)/coredns \
	KUBEVITALS_PROMETHEUS=$(CURDIR)/$(BIN)/prometheus KUBEVITALS_ALERTMANAGER=$(CURDIR)/$(BIN)/alertmanager \
	KUBEVITALS_BINARY=$(CURDIR)/$(BIN)/kubevitals KUBEVITALS_LAB_BINARY=$(CURDIR)/$(BIN)/kubevitals-lab \
	KUBEVITALS_CHARTS=$(CURDIR)/$(BIN)/charts KUBEVITALS_IMAGE=$(CURDIR)/$(BIN)/kubevitals.tar

.PHONY: soak
soak: build ## Run for two hours with 20 changes of pods a second and random faults; prints what grows in the second (SOAK=duration).
	$(GO) run ./test/scale --binary=$(BIN)/kubevitals --soak=$(or $(SOAK),1h) --nodes=200 --pods=5000 --hpas=100 --apiserver-series=2000 --churn=20

.PHONY: schedules
schedules: ## Play 10,000 random schedules of faults on virtual time (SCHEDULES=number), against the frame, watches and rounds.
	KUBEVITALS_SCHEDULES=$(or $(SCHEDULES),10000) $(GO) test -count=1 -v -timeout 30m -run Schedules ./exporter ./sources/health ./sources/rounds \
		| grep -E 'schedules_test|^(---|FAIL|ok)'; exit $${PIPESTATUS[0]}

.PHONY: chaos
chaos: build $(BIN)/kubevitals-lab ## Try every fault between kubevitals and a real API server; writes docs/reliability.md (CHAOS=flags: see what they say).
	$(BIN)/kubevitals-lab chaos $(or $(CHAOS),--markdown=docs/reliability.md)

.PHONY: matrix
matrix: build $(BIN)/kubevitals-lab $(BIN)/coredns $(BIN)/prometheus $(BIN)/alertmanager ## Make each fault on a real control plane and count what a real Alertmanager sends; writes docs/fault-matrix.md (MATRIX=flags: see what they say).
	$(BIN)/kubevitals-lab matrix $(or $(MATRIX),--markdown=docs/fault-matrix.md)

.PHONY: churn
churn: build $(BIN)/kubevitals-lab $(BIN)/coredns $(BIN)/prometheus $(BIN)/alertmanager ## Restart, drain and scale a real control plane for half an hour; fails where an alert above info fires (CHURN_TIME=duration).
	$(BIN)/kubevitals-lab churn --for=$(or $(CHURN_TIME),30m)

REPLAY_NODES    ?= 1000
REPLAY_MARKDOWN ?= $(CURDIR)/docs/replay.md

.PHONY: replay
replay: $(BIN)/alertmanager ## Play incidents in a cluster of 1,000 simulated nodes (REPLAY_NODES=number) and count what a real Alertmanager sends; writes docs/replay.md.
	KUBEVITALS_ALERTMANAGER=$(CURDIR)/$(BIN)/alertmanager KUBEVITALS_REPLAY_NODES=$(REPLAY_NODES) KUBEVITALS_REPLAY_MARKDOWN=$(REPLAY_MARKDOWN) \
		$(GO) test ./test/replay -run TestReplay -count=1 -timeout=90m -v

.PHONY: bench
bench: ## Print the cost of a series of a scrape and of a pod in the index, and the speed of the parser.
	$(GO) test -run '^$$' -bench . -benchmem ./exporter ./collectors/... ./sources/...
	$(GO) run ./test/exposition

.PHONY: events
events: ## Play 1,000,000 random events on the index of pods (EVENTS=number), and compare it with a fresh list.
	KUBEVITALS_EVENTS=$(or $(EVENTS),1000000) $(GO) test -count=1 -v -timeout 30m -run EventsEqual ./sources/pods

.PHONY: bench-scale
bench-scale: build ## Print memory and scrape time at 5,000 nodes, 50,000 pods and 5,000 HPAs.
	$(GO) run ./test/scale --binary=$(BIN)/kubevitals

.PHONY: bench-churn
bench-churn: build ## Print what 500 changes of pods a second take at the same size (CHURN=number).
	$(GO) run ./test/scale --binary=$(BIN)/kubevitals -churn=$(or $(CHURN),500) -steady=1m -- --log.level=error

.PHONY: bench-check
bench-check: build ## Print time and memory of one kubevitals check at the same size, and whether it names the faults.
	$(GO) run ./test/scale --binary=$(BIN)/kubevitals -check -- --log.level=error

.PHONY: bench-node
bench-node: build ## Print memory and CPU of the agent of a node with 2,000 processes and 20,000 inotify watches.
	$(GO) run ./test/scale --binary=$(BIN)/kubevitals -node -- --log.level=error

.PHONY: bench-peers
bench-peers: build ## Print what kube-state-metrics (KSM=path to it) takes beside kubevitals at 5,000 nodes and 150,000 pods, and the ratios.
	$(GO) run ./test/scale --binary=$(BIN)/kubevitals -peer=$(or $(KSM),$(error set KSM to the path of kube-state-metrics)) -pods=150000 -steady=1m -- --log.level=error

.PHONY: program-size
program-size: ## Print what makes the program large.
	CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/with-symbols ./cmd/kubevitals && $(GO) run ./test/programsize $(BIN)/with-symbols; rm -f $(BIN)/with-symbols

.PHONY: bench-sizes
bench-sizes: build ## Measure clusters of 500 to 15,000 nodes, and draw what they cost: docs/performance.csv and docs/performance.svg.
	cd tools/plots && $(GO) test .
	$(GO) run ./test/scale --binary=$(BIN)/kubevitals -sizes=500,1000,2500,5000,10000,15000 -steady=1m -- --log.level=error > docs/performance.csv
	cd tools/plots && $(GO) run . ../../docs/performance.csv ../../docs/performance.svg

.PHONY: bench-shards
bench-shards: build ## Print what 3 shards take of 15,000 nodes, and whether they tell together what one exporter tells alone.
	$(GO) run ./test/scale --binary=$(BIN)/kubevitals -shards=3 -nodes=15000 -pods=150000 -hpas=5000 -- --log.level=error

.PHONY: bench-rules
bench-rules: build ## Print what Prometheus takes to evaluate the rules at 5,000 nodes, on a day of samples, by group.
	$(GO) run ./test/scale --binary=$(BIN)/kubevitals -rules=mixin/generated/alerts.yaml -- --log.level=error

.PHONY: cases
cases: build ## Let kubevitals look at the clusters of cases/, and print what it was to name of each and what it names (CASE=name: one, and the whole answer).
	$(GO) run ./test/cases/judge -binary $(BIN)/kubevitals $(CASE)

.PHONY: cases-peer
cases-peer: $(BIN)/popeye ## Let popeye look at the ill clusters of cases/, and write down in which it names what is wrong (CASE=name: one, and the whole answer).
	$(GO) run ./test/cases/peer -binary $(BIN)/popeye $(if $(CASE),$(CASE),-record cases/popeye.yaml)

.PHONY: score
score: ## Print how well the causes of nodes that are not ready are told, on public bug reports.
	$(GO) run ./test/notready

.PHONY: simulate-connectivity
simulate-connectivity: $(BIN)/promtool ## Print how well the cause of a partitioned network is named, and how often falsely.
	$(GO) run ./test/connectivity --promtool=$(BIN)/promtool --rounds=100

.PHONY: simulate-fleet
simulate-fleet: ## Play 24 hours of a healthy cluster of 300 nodes, and print what happened and which alerts fired; some minutes.
	KUBEVITALS_FLEET_NODES=300 KUBEVITALS_FLEET_HOURS=24 KUBEVITALS_FLEET_EVALUATION_SECONDS=60 \
		$(GO) test ./test/fleet -run TestHealthyDay -count=1 -timeout=40m -v

.PHONY: cardinality
cardinality: build ## Print the number of series by signal and its formula; it must not depend on the number of pods.
	$(GO) run ./test/scale --binary=$(BIN)/kubevitals -cardinality -- --log.level=error --collector.dns.probe-interval=1s

.PHONY: fuzz
fuzz: ## Fuzz each decoder for a minute (FUZZTIME=10s: another time).
	$(GO) run ./test/fuzz -time=$(or $(FUZZTIME),1m)

## ---- verify and update: each verify-X says which update-X mends it

.PHONY: verify
verify: verify-fmt verify-vet verify-mixin test ## Everything that needs no cluster.

.PHONY: verify-fmt
verify-fmt:
	@files=$$(gofmt -l cmd collectors exporter internal lab mixin sources test tools); \
	if [ -n "$$files" ]; then echo "not gofmt'd: $$files; run: make update-fmt"; exit 1; fi

.PHONY: update-fmt
update-fmt:
	gofmt -w cmd collectors exporter internal lab mixin sources test tools

.PHONY: verify-vet
verify-vet:
	$(GO) vet $(PACKAGES)

.PHONY: new-signal
new-signal: ## Write the files of a new failure mode: make new-signal NAME=stuck_jobs AREA=workloads
	cd tools && $(GO) run ./newsignal -root .. -name '$(NAME)' -area '$(or $(AREA),workloads)'

.PHONY: update
update: update-fmt update-mixin update-docs ## Write every generated file.

.PHONY: verify-mixin
verify-mixin: $(BIN)/jsonnetfmt $(BIN)/jsonnet-lint $(BIN)/promtool $(BIN)/mutate derived-tests ## Check rules and dashboards with the field's own tools.
	$(BIN)/promtool check rules mixin/generated/alerts.yaml
	set -o pipefail; for kind in alerts rules; do \
		$(GO) run ./cmd/kubevitals export $$kind --set clusterLabel=k8s_cluster | $(BIN)/promtool check rules /dev/stdin || exit 1; done
	@# Each test with the rules that it needs alone: all rules for each test take twenty times as long.
	rm -rf $(BIN)/rule-tests
	$(GO) run ./test/ruleslice -to=$(BIN)/rule-tests mixin/tests/*.yaml
	printf '%s\n' $(BIN)/rule-tests/*.yaml | xargs -P "$$(getconf _NPROCESSORS_ONLN)" -n 8 $(BIN)/promtool test rules
	@# What follows from each, and what is listed not to. They are played without storage, which takes a fraction of the time.
	@# Those in derived-tests/unselected can't fail as long as mixin/testdata/selected.yaml is fresh, and are for make mutate.
	$(BIN)/mutate -check -tests '$(BIN)/derived-tests/*.yaml'
	$(BIN)/mutate -check -fail -tests '$(BIN)/derived-tests/listed/*.yaml'
	@# What changes of rules were told apart by.
	$(BIN)/mutate -check -tests 'mixin/tests/found/*.yaml' || { echo 'read what differs; if it is right, run: make update-found'; exit 1; }
	$(BIN)/jsonnetfmt --test $(JSONNET) || { echo 'run: make update-mixin'; exit 1; }
	for f in $(filter-out %.jsonnet,$(JSONNET)); do $(BIN)/jsonnet-lint $$f || exit 1; done
	@# Their results depend on files outside of their module, which Go does not see.
	cd tools && $(GO) test -count=1 -v . ./newsignal
	cd tools/prometheus && CGO_ENABLED=0 $(GO) test -count=1 -tags remove_all_sd ./mutate

.PHONY: derived-tests
derived-tests:
	rm -rf $(BIN)/derived-tests
	$(GO) run ./test/ruleslice -derive -list=mixin/derived-tests.yaml -causes=mixin/generated/causes.json -limits=mixin/limits.yaml -selected=mixin/testdata/selected.yaml -variants=mixin/variants.yaml -to=$(BIN)/derived-tests mixin/tests/*.yaml

.PHONY: update-mixin
update-mixin: $(BIN)/jsonnet $(BIN)/jsonnetfmt ## Write the rules and dashboards.
	$(BIN)/jsonnetfmt -i $(JSONNET)
	$(BIN)/jsonnet -S -m . mixin/generate.jsonnet

comma := ,

.PHONY: mutate
mutate: $(BIN)/mutate derived-tests ## Change one thing in one rule at a time, and print which changes no test of mixin/tests, and of what follows from those, notices, those that verify-mixin leaves out among them; writes docs/mutation.md (MUTANT=number: one alone; MUTATE=flags: a part, see what they say; RULES=path TESTS=path: those of others).
	@# What an earlier run found of the same rules, change and test is kept: one that was stopped goes on.
	$(BIN)/mutate -timeout 3h -keep $(BIN)/mutation-results.jsonl -command 'make mutate MUTANT=' $(if $(RULES),-rules '$(RULES)' -tests '$(TESTS)',$(MUTATE_TESTS)) \
		$(if $(MUTANT)$(MUTATE)$(RULES),,-least 95 -markdown docs/mutation.md) $(if $(MUTANT),-mutant '$(MUTANT)') $(MUTATE)

MUTATE_TESTS = -tests 'mixin/tests/*.yaml$(comma)$(BIN)/derived-tests/*.yaml$(comma)$(BIN)/derived-tests/unselected/*.yaml' -found '$(FOUND)/*.yaml' -list mixin/mutants.yaml
FOUND        = mixin/tests/found

.PHONY: seek
seek: $(BIN)/mutate derived-tests ## Look for tests of the changes that make mutate prints, by chance, and add them to mixin/tests/found (SEEK='-file NAME.yaml': those of one signal; other flags: see what they say).
	$(BIN)/mutate -timeout $(or $(SEEK_TIME),10m) -keep $(BIN)/mutation-results.jsonl -command 'make mutate MUTANT=' $(MUTATE_TESTS) -seek $(FOUND) $(SEEK)

.PHONY: doubt
doubt: $(BIN)/mutate derived-tests ## Look by chance for what tells the changes which are proven to say the same as the rule; fails if anything does.
	dir=$$(mktemp -d); $(BIN)/mutate -timeout $(or $(SEEK_TIME),10m) $(MUTATE_TESTS) -seek $$dir -doubt -looks 10 || { echo "see $$dir"; exit 1; }; rm -r $$dir

.PHONY: update-found
update-found: $(BIN)/mutate ## Write what the rules come to into mixin/tests/found, as what its tests expect.
	$(BIN)/mutate -approve -found '$(FOUND)/*.yaml'

.PHONY: verify-chart
verify-chart: ## Render the chart with Helm's library, compare it with kustomize, and check its values.
	@# What they look at is outside of their module, where Go does not see that it changed.
	cd tools/chart && CGO_ENABLED=0 $(GO) test -count=1 ./...

.PHONY: verify-release
verify-release: ELSEWHERE := $(shell mktemp -du)
verify-release: ## Build the release for this platform, look at it as its users do, and build the same bytes again elsewhere.
	cd tools/image && CGO_ENABLED=0 $(GO) test ./...
	@# What it looks at is outside of its module, where Go does not see that it changed.
	cd tools/release && CGO_ENABLED=0 $(GO) test -count=1 ./...
	cd tools/release && $(RELEASE) build $(RELEASE_OF) -platforms linux/$(notdir $(HOST)) -out ../../$(BIN)/release && $(RELEASE) verify ../../$(BIN)/release
	@# Of a copy of the tree, by another mask, in another time zone and language.
	mkdir -p $(ELSEWHERE) && git ls-files -z --cached --others --exclude-standard | \
		tar -c --null --ignore-failed-read -T - 2>/dev/null | tar -x -C $(ELSEWHERE)
	cd $(ELSEWHERE)/tools/release && umask 077 && TZ=Pacific/Chatham LC_ALL=C.UTF-8 $(RELEASE) build $(RELEASE_OF) -platforms linux/$(notdir $(HOST)) -out $(ELSEWHERE)/dist
	cmp $(BIN)/release/sha256sums.txt $(ELSEWHERE)/dist/sha256sums.txt && rm -rf $(ELSEWHERE)

.PHONY: verify-readers
verify-readers: ## Read what kubevitals writes for other programs with their own libraries.
	@# What they look at is outside of their module, where Go does not see that it changed.
	cd tools/readers && CGO_ENABLED=0 $(GO) test -count=1 ./...

.PHONY: verify-dashboards
verify-dashboards: ## Check the dashboards against Grafana's own types.
	cd tools/grafana-types && npm ci --no-audit --no-fund && npm test

.PHONY: dashboards-drawn
dashboards-drawn: build $(BIN)/kubevitals-lab $(BIN)/prometheus $(BIN)/coredns $(BIN)/scale ## Draw all dashboards with Grafana's own components, of clusters that are ill and healthy, and look at each panel; pictures in bin/drawn (DRAWN=flags, such as --cluster=large --docs: see tools/drawn/draw.mjs). Half an hour, and 500 MB of npm packages; not in CI.
	cd tools/drawn && npm ci --no-audit --no-fund --ignore-scripts && npm test && npm run drawn -- $(DRAWN)

.PHONY: $(BIN)/scale
$(BIN)/scale:
	CGO_ENABLED=0 $(GO) build -o $@ ./test/scale

.PHONY: verify-browser
verify-browser: build ## Test the pages in a headless Chromium.
	cd tools/browser && npm ci --no-audit --no-fund && npm test

.PHONY: lint
# The lab is built first: a linter that had to compile Kubernetes would run out of time.
lint: $(BIN)/golangci-lint $(BIN)/kubevitals-lab ## Run the linters.
	$(BIN)/golangci-lint run $(PACKAGES)
	@# Without cgo, as the lab is built: what Kubernetes has in common is compiled once.
	cd lab && CGO_ENABLED=0 ../$(BIN)/golangci-lint run ./...

$(BIN)/jsonnet $(BIN)/jsonnetfmt $(BIN)/jsonnet-lint: tools/go.mod
	cd tools && $(GO) build -o ../$@ github.com/google/go-jsonnet/cmd/$(@F)

$(BIN)/promtool: tools/prometheus/go.mod
	cd tools/prometheus && $(GO) build -tags remove_all_sd -o ../../$@ github.com/prometheus/prometheus/cmd/promtool

# With DNS and the cluster to find targets by, as configurations of the Prometheus Operator and docs/install.md do.
$(BIN)/prometheus: tools/prometheus/go.mod
	cd tools/prometheus && CGO_ENABLED=0 $(GO) build -tags remove_all_sd,enable_dns_sd,enable_kubernetes_sd -ldflags '-s -w' -o ../../$@ github.com/prometheus/prometheus/cmd/prometheus

$(BIN)/mixincheck: tools/prometheus/go.mod $(wildcard tools/prometheus/mixincheck/*.go)
	cd tools/prometheus && $(GO) build -tags remove_all_sd -o ../../$@ ./mixincheck

$(BIN)/mutate: tools/prometheus/go.mod $(wildcard tools/prometheus/mutate/*.go)
	cd tools/prometheus && CGO_ENABLED=0 $(GO) build -tags remove_all_sd -o ../../$@ ./mutate

$(BIN)/golangci-lint: tools/golangci-lint/go.mod
	cd tools/golangci-lint && $(GO) build -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(BIN)/popeye: tools/peers/popeye/go.mod
	cd tools/peers/popeye && CGO_ENABLED=0 $(GO) build -o ../../../$@ github.com/derailed/popeye

.PHONY: update-docs
update-docs: ## Write the generated documents and golden files.
	$(GO) test ./collectors -update
	$(GO) test ./cmd/kubevitals ./deploy ./internal/diagnosis/report ./mixin ./test/fuzz ./test/ruleslice -run "Fresh|[gG]olden" -update

.PHONY: pictures
pictures: build $(BIN)/kubevitals-lab ## Take the pictures of the documents from a real ill cluster (needs Debian's chromium and pngquant).
	cd tools/browser && npm ci --no-audit --no-fund && npm run pictures

.PHONY: clean
clean:
	rm -rf $(BIN) dist
