package web

import "github.com/kubevitals/kubevitals/collectors"

// helpOf is what a signal is about, and the language of that: English where there is no
// translation.
func helpOf(d collectors.Definition, lang string) (help, spoken string) {
	if translated := signalsInChinese()[d.Name]; lang == chinese && translated != "" {
		return translated, chinese
	}
	return d.Help, english
}

// signalsInChinese are the failure modes by the names of their collectors, as Help says
// them in English.
func signalsInChinese() map[string]string {
	return map[string]string{
		"addon_health":           "叢集所依賴的元件一再當掉，或缺少就緒的 Pod：控制平面、DNS 與節點本機的 DNS、kube-proxy、網路與磁碟區的代理程式、metrics-server、儀表板。",
		"admission_webhooks":     "有准入 webhook 沒有 endpoint，因此 API server 拒絕會詢問它的請求，最糟時連 Pod 也無法建立，或未經檢查就放行。",
		"aggregated_api":         "有聚合 API 已註冊卻連不到，因此 discovery 失敗，命名空間也無法刪除。",
		"apiserver":              "有 API server 連不到，或連得到但無法讀取或寫入。",
		"autoscaling":            "有 HorizontalPodAutoscaler 不擴縮，以及原因。",
		"certificates":           "kubelet、webhook 與聚合 API 的憑證即將到期，或新憑證的請求在等待核准。",
		"cgroups":                "節點上的 cgroup 洩漏，直到核心無法再增加；追蹤它們的程式會用完 inotify watch。",
		"component_logs":         "未就緒或當掉的元件，其日誌顯示已知的原因；需要讀取 kube-system 與節點日誌的權限，基本的 manifest 不含這些權限。",
		"connectivity":           "網路讓節點之間，或 Pod 與節點之間連不到，或只有小封包能通過。",
		"conntrack":              "節點的連線追蹤表已滿或快滿了：新連線會被丟棄。",
		"container_runtime":      "節點的容器執行環境停擺、沒有回應，或沒有網路可給 Pod 用。",
		"control_plane_leases":   "controller manager、scheduler 或 cloud controller manager 沒有領導者，或一再更換領導者。",
		"dns":                    "叢集 DNS 沒有回應、無法轉送到上游，或因為連不到 API server 而不認得叢集。",
		"etcd":                   "etcd 已滿、很慢、沒有領導者，或缺少部分成員。",
		"events":                 "已知原因的警告事件：驅逐、sandbox 與磁碟區失敗、記憶體用完、重新開機、垃圾回收失敗、更新衝突。",
		"filesystem":             "kubelet 或容器執行環境的磁碟已滿、唯讀或沒有回應；kubelet 無法回報時由核心得知。",
		"inotify":                "節點上有使用者的 inotify watch 或 instance 已用完：無法再追蹤檔案與 cgroup。",
		"kube_proxy":             "節點的 kube-proxy 不見了，或規則寫不進去：Service 會導向已不存在的 Pod。",
		"kubelet_restarts":       "有 kubelet 一再重新啟動，例如無法初始化最上層 QOS 容器的 kubelet。",
		"metric_cardinality":     "元件自己的指標不斷增加，記憶體也隨之增加。",
		"metrics_api":            "指標 API 沒有註冊、無法使用，或缺少部分節點，因此儀表板不顯示資源用量。",
		"node_allocatable":       "Pod 可能用掉節點常駐程式所需的資源：沒有保留，或上限沒有或無法生效。",
		"node_apiserver":         "節點連不到 Pod 所用位址上的 API server，其他節點則連得到。",
		"node_clock":             "節點的時鐘不準：憑證、token、日誌與領導者選舉都以它為準。",
		"node_degraded":          "節點已就緒卻不健康：記憶體或行程 ID 不足、沒有網路、仍有啟動時的 taint、被封鎖後遺忘，或在就緒與未就緒之間反覆切換。",
		"node_disk":              "節點的儲存空間快滿了：無法拉取映像檔，Pod 會被驅逐。",
		"node_dns":               "叢集 DNS 在別處正常，但節點上的 Pod 無法解析名稱：通往 DNS 的路徑或節點本機的快取有問題。",
		"node_readiness":         "節點未就緒，每個都有一個來自固定清單的原因；kubelet 停止送出心跳；其他監看節點的程式回報問題。",
		"pending_pods":           "新的 Pod 停在 Pending，以及原因：沒有 scheduler、沒有合適的節點、kubelet 沒有開始處理、沒有網路、磁碟區或映像檔。",
		"pod_creation":           "Pod 無法建立：准入 webhook 沒有回應或拒絕、配額已用完、Pod Security 不允許，或樣板無效。",
		"stale_reads":            "etcd 在控制平面執行期間回到了較早的狀態，或有 API server 的快取落後。",
		"terminating_namespaces": "命名空間卡在 Terminating：有 API 無法詢問、有 finalizer 拖住其中的物件，或其中的內容沒有結束。",
		"terminating_pods":       "Pod 卡在 Terminating：節點已失效、有 finalizer 拖住它們，或 kubelet 無法完成。",
		"watch_streams":          "節點上的 Pod 參照太多 ConfigMap 與 Secret，它們的 watch 用完了節點與 API server 之間那條連線的串流。",
	}
}
