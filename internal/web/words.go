package web

// words are the texts of the pages around the runbooks.
func words(lang string) map[string]string {
	if lang == chinese {
		return inChinese()
	}
	return inEnglish()
}

func inEnglish() map[string]string {
	return map[string]string{
		"name": "English", "comma": ", ", "colon": ": ", "skip": "Skip to the content",
		"critical": "critical", "warning": "warning", "info": "info", "count": "%d %s",

		"index": "Runbooks", "search": "Find runbooks", "searchFor": "Search", "found": "%d of %d runbooks.", "showAll": "Show all", "jump": "Signals:",
		"missing": "No such runbook", "unknown": "There is no alert of this name: ",
		"labels": "Labels of the alert", "label": "label", "value": "value",
		"ignored": "Parameters that were left out: ", "untranslated": "This runbook has no translation yet.",
		"copy": "Copy", "copied": "Copied", "keys": "Press Ctrl+C",

		"knownCause": "Cause", "about": "About this alert", "evidence": "Evidence", "noLook": "Nothing could be read at present; the commands here still help.",
		"holds": "Firing condition met", "holdsFor": "Firing condition met for:", "holdsNot": "Firing condition not met", "holdsNotThese": "Firing condition not met for these labels",
		"holdsNoSeries": "Firing condition not met: no series has these labels", "holdsInsufficientHistory": "Cannot tell: the alert looks further back than this page does",
		"holdsUnavailable": "Cannot tell: this signal could not be read", "holdsDisabled": "Cannot tell: this signal is not looked at here",
		"holdsIncomplete": "Cannot tell: there are no series of this, and a part of the cluster cannot be read",
		"samples":         "Metrics behind this alert", "series": "series", "more": "More: ", "what": "what", "state": "state",
		"conditions": "Conditions", "events": "Recent warnings", "readings": "Last read",

		"dump": "time of the dump, by ", "dump-its manifest": "its manifest", "dump-the latest time that its objects agree on": "the latest time that its objects agree on",
		"dump-its file timestamp": "its file timestamp", "dump-the time of the file": "the time of the file", "notInDump": "is not in the dump", "kubelet": "kubelets", "file": "file",

		"cluster": "Cluster", "evaluated": "alerts evaluated: ", "oldest": "oldest source: ", "clear": "All clear", "clearInDump": "All clear in what the dump holds", "noneYet": "No alert yet; nodes that are not ready: ", "incomplete": "Could not tell",
		"incidents": "Incidents", "began": "began ", "follows": "Likely consequences: ", "followsAll": "Likely consequences of the above", "moreIncidents": "More incidents, whose alerts are listed below: ",
		"filter": "Search and filter", "node": "Node", "namespace": "Namespace", "signal": "Signal", "all": "all", "show": "Show",
		"filtered": "Incidents, problems and nodes below are filtered; the line at the top is about the whole cluster.", "filteredNone": "Nothing that is wrong matches.",
		"nodes": "Nodes", "nodesReady": "%d ready and well, %d not", "perSquare": "Each square is up to %d nodes, and shows the worst.", "noAlertYet": "no alert fires yet",
		"node-critical": "critical", "node-warning": "warning", "node-info": "info", "node-notready": "not ready",
		"dashboard": "Dashboard", "inPrometheus": "Prometheus", "silence": "Silence",
		"recent": "Began and ended lately", "nowBegan": "began", "nowEnded": "ended", "lasted": "lasted ",
		"snapshots": "Kept of incidents", "snapshotsMean": "What was known when an incident began. Read one with", "snapshot": "snapshot", "boxError": "The last snapshot was not kept: ",
		"firing": "Problems", "runbook": "Runbook", "firesAfter": "Alert fires after %s",
		"unavailable": "Blind spots", "unavailableMeans": "While anything here cannot be read, silence about it is no proof of health.",
		"notYetRead": "Not read yet: ", "ok": "Nothing wrong found", "okMeans": "This was looked for and not found:", "disabled": "Not looked at",
		"noData": "Nothing of the kind was seen", "switchedOff": "Switched off here", "nodeScope": "Needs node agent",
		"insufficientHistory": "Alerts that look further back than this page does, for Prometheus to evaluate: ",
		"stale":               "kubevitals does not answer. What is shown is from", "source": "source", "collector": "collector",

		"reason-unreachable": "no connection: refused, no route, or name not found", "reason-timeout": "no answer in time",
		"reason-tls": "certificate or handshake refused", "reason-unauthorized": "the credentials are not accepted (401)",
		"reason-forbidden": "the rights are missing (403)", "reason-not_found": "does not exist in this cluster",
		"reason-overloaded": "the server is overloaded (429 or 503)", "reason-invalid": "the answer cannot be understood",
		"reason-stale": "the last good answer is too old", "reason-error": "another error",
		"reason-failed": "it failed", "waitsFor": "waits for the source ",
	}
}

func inChinese() map[string]string {
	return map[string]string{
		"name": "中文（繁體）", "comma": "、", "colon": "：", "skip": "跳到內容",
		"critical": "嚴重", "warning": "警告", "info": "資訊", "count": "%d 項%s",

		"index": "處理手冊", "search": "尋找處理手冊", "searchFor": "搜尋", "found": "%d 份，共 %d 份。", "showAll": "顯示全部", "jump": "訊號：",
		"missing": "沒有這份處理手冊", "unknown": "沒有告警叫這個名字：",
		"labels": "告警的標籤", "label": "標籤", "value": "值",
		"ignored": "未採用的參數：", "untranslated": "這份手冊還沒有中文版，以下是英文原文。",
		"copy": "複製", "copied": "已複製", "keys": "請按 Ctrl+C",

		"knownCause": "原因", "about": "關於這條告警", "evidence": "判斷依據", "noLook": "目前讀不到任何資料；這裡的指令仍然有用。",
		"holds": "告警條件仍成立", "holdsFor": "告警條件成立的對象：", "holdsNot": "告警條件不成立", "holdsNotThese": "告警條件對這些標籤不成立",
		"holdsNoSeries": "告警條件不成立：沒有序列帶有這些標籤", "holdsInsufficientHistory": "無法判斷：這條告警需要比本頁更久的歷史資料",
		"holdsUnavailable": "無法判斷：讀不到這個訊號", "holdsDisabled": "無法判斷：這裡沒有查看這個訊號",
		"holdsIncomplete": "無法判斷：沒有相關的序列，而且叢集有一部分讀不到",
		"samples":         "告警所依據的資料", "series": "序列", "more": "其餘：", "what": "項目", "state": "狀態",
		"conditions": "狀況（conditions）", "events": "最近的警告事件", "readings": "最近一次讀取",

		"dump": "傾印的時間，依據：", "dump-its manifest": "它的清單檔", "dump-the latest time that its objects agree on": "其中的物件所一致的最晚時間",
		"dump-its file timestamp": "其中的 timestamp 檔", "dump-the time of the file": "檔案的時間", "notInDump": "傾印裡沒有", "kubelet": "kubelet", "file": "檔案",

		"cluster": "叢集", "evaluated": "評估的告警數：", "oldest": "最舊的來源：", "clear": "一切正常", "clearInDump": "傾印所含的部分一切正常", "noneYet": "尚無告警；未就緒的節點數：", "incomplete": "無法判斷",
		"incidents": "事件", "began": "開始於 ", "follows": "可能引起：", "followsAll": "可能由上述問題引起的告警", "moreIncidents": "其餘事件數，列於下方：",
		"filter": "搜尋與篩選", "node": "節點", "namespace": "命名空間", "signal": "訊號", "all": "全部", "show": "顯示",
		"filtered": "下方的事件、問題與節點經過篩選；最上面一行說的是整個叢集。", "filteredNone": "沒有符合條件的問題。",
		"nodes": "節點", "nodesReady": "%d 個就緒且正常，%d 個不是", "perSquare": "每一格最多代表 %d 個節點，顯示其中最糟的。", "noAlertYet": "尚無告警",
		"node-critical": "嚴重", "node-warning": "警告", "node-info": "資訊", "node-notready": "未就緒",
		"dashboard": "儀表板", "inPrometheus": "Prometheus", "silence": "靜音",
		"recent": "最近開始與結束的事件", "nowBegan": "開始", "nowEnded": "結束", "lasted": "持續 ",
		"snapshots": "事件發生時的快照", "snapshotsMean": "事件開始時所知道的一切。讀取的指令：", "snapshot": "快照", "boxError": "最近一次快照沒有保留下來：",
		"firing": "目前的問題", "runbook": "處理手冊", "firesAfter": "持續 %s後告警",
		"unavailable": "看不到的部分", "unavailableMeans": "只要這裡有讀不到的東西，沒有告警就不代表沒有問題。",
		"notYetRead": "尚未讀取：", "ok": "沒有發現問題", "okMeans": "以下問題查看過，沒有發現：", "disabled": "沒有查看",
		"noData": "沒有看到這類對象", "switchedOff": "在這裡關閉了", "nodeScope": "由各節點上的代理程式查看",
		"insufficientHistory": "需要比本頁更久的歷史資料、由 Prometheus 評估的告警數：",
		"stale":               "kubevitals 沒有回應。畫面上的內容是這個時間的：", "source": "來源", "collector": "收集器",

		"reason-unreachable": "連不上：被拒絕、沒有路由，或查不到名稱", "reason-timeout": "逾時沒有回應",
		"reason-tls": "憑證或交握被拒絕", "reason-unauthorized": "憑據不被接受（401）",
		"reason-forbidden": "缺少權限（403）", "reason-not_found": "這個叢集沒有",
		"reason-overloaded": "伺服器過載（429 或 503）", "reason-invalid": "看不懂回應的內容",
		"reason-stale": "最後一次正常的回應太舊", "reason-error": "其他錯誤",
		"reason-failed": "失敗了", "waitsFor": "等待這個來源：",

		"table-Collectors": "收集器", "table-Sources": "來源", "column-collector": "收集器", "column-source": "來源", "column-state": "狀態",
		"column-series": "序列數", "column-took": "耗時", "column-last run": "上次執行", "column-last proof": "上次證實",
		"cell-ok": "正常", "cell-not scraped yet": "尚未執行", "cell-available": "可讀取", "cell-starting": "尚未讀取",
	}
}
