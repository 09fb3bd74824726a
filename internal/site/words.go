package site

// words are the texts of the pages around the runbooks.
func words(lang string) map[string]string {
	if lang == chinese {
		return map[string]string{
			"name": "中文（繁體）", "index": "處理手冊", "missing": "沒有這份處理手冊", "labels": "告警的標籤", "label": "標籤", "value": "值",
			"ignored": "未採用的參數：", "untranslated": "這份手冊還沒有中文版，以下是英文原文。", "skip": "跳到內容", "copy": "複製", "copied": "已複製", "keys": "請按 Ctrl+C",
			"unknown": "沒有告警叫這個名字：", "commands": "指令",
		}
	}
	return map[string]string{
		"name": "English", "index": "Runbooks", "missing": "No such runbook", "labels": "Labels of the alert", "label": "label", "value": "value",
		"ignored": "Parameters that were left out:", "untranslated": "This runbook has no translation yet.", "skip": "Skip to the content", "copy": "Copy", "copied": "Copied", "keys": "Press Ctrl+C",
		"unknown": "There is no alert of this name:", "commands": "commands",
	}
}
