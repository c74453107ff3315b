// Texts of notes and their photos. Keys begin with `notes_`.

import { catalogue } from "./catalogue";
import type { Texts } from "./texts";

export const notes = catalogue({
  notes_title: ["Notes", "农事记录"],
  notes_none: ["No notes yet.", "尚无农事记录。"],
  notes_about: ["About", "对象"],
  notes_text: ["Observation or action", "观察或操作内容"],
  notes_before: ["Minutes ago", "多少分钟前"],
  notes_author: ["Author", "记录人"],
  notes_add: ["Add note", "添加记录"],
  notes_photos: ["Photos (at most {n})", "照片（最多 {n} 张）"],
  notes_photo: ["Photo {n}: {text}", "照片 {n}：{text}"],
  notes_photo_open: ["Open photo {n}", "查看照片 {n}"],
  notes_photo_remove: ["Remove photo {n}", "移除照片 {n}"],
  notes_photo_unreadable: ["{name} cannot be read as a photo: choose a JPEG or PNG picture.", "无法读取照片“{name}”，请选择 JPEG 或 PNG 图片。"],
  notes_photos_many: ["Only {n} photos fit a note.", "每条记录最多 {n} 张照片。"],
  notes_here: ["Add my position", "添加当前位置"],
  notes_here_found: ["Position added, within {metres} m", "已添加位置，误差约 {metres} 米"],
  notes_here_failed: ["The position is not known: allow it in the browser, or go outside.", "无法获取位置，请在浏览器中允许定位，或到室外重试。"],
  notes_here_insecure: ["A browser tells the position only over HTTPS.", "浏览器只在 HTTPS 下提供定位。"],
  notes_delete: ["Delete", "删除"],
  notes_delete_label: ["Delete the note: {text}", "删除记录：{text}"],
  notes_waits: ["waits to be sent", "待发送"],
  notes_map: ["Show on the map", "在地图上查看"],
  notes_of_alarm: ["Alarm", "报警"],
  notes_of_house: ["Whole greenhouse", "整个温室"],
  notes_key: ["Note", "农事记录"],
} as const satisfies Texts);
