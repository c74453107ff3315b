<<<<<<< HEAD:api/dashboard/assets/subject_notes-B2ARfuAw.js
import{b as e,u as t}from"./unique_id-V2KKeYZf.js";import{c as n,t as r}from"./mount-B0SXfjdF.js";import{n as i,t as a}from"./note_list-CO59HtXH.js";function o({subject:o}){let s=t(`/v1/notes`,{query:o});return e(`div`,{class:`stack`,"data-panel":`notes`,children:[e(n,{state:s,children:t=>e(a,{notes:[...t].sort((e,t)=>t.time_ms-e.time_ms),subjects:[o],editable:r()})}),r()?e(i,{choices:[{text:``,subject:o}]}):null]})}export{o as SubjectNotes};
=======
<<<<<<<< HEAD:api/dashboard/assets/subject_notes-oSCQKX20.js
import{b as e,u as t}from"./unique_id-BKUsXOfS.js";import{c as n,t as r}from"./mount-Cq7OslUK.js";import{n as i,t as a}from"./note_list-D9a_nA-x.js";function o({subject:o}){let s=t(`/v1/notes`,{query:o});return e(`div`,{class:`stack`,"data-panel":`notes`,children:[e(n,{state:s,children:t=>e(a,{notes:[...t].sort((e,t)=>t.time_ms-e.time_ms),subjects:[o],editable:r()})}),r()?e(i,{choices:[{text:``,subject:o}]}):null]})}export{o as SubjectNotes};
========
import{b as e,u as t}from"./unique_id-nkxFKITr.js";import{c as n,t as r}from"./mount-DZs25nkW.js";import{n as i,t as a}from"./note_list-DSDfZU7y.js";function o({subject:o}){let s=t(`/v1/notes`,{query:o});return e(`div`,{class:`stack`,"data-panel":`notes`,children:[e(n,{state:s,children:t=>e(a,{notes:[...t].sort((e,t)=>t.time_ms-e.time_ms),subjects:[o],editable:r()})}),r()?e(i,{choices:[{text:``,subject:o}]}):null]})}export{o as SubjectNotes};
>>>>>>>> 47faf006 (Send alarms to whoever is on duty, and to the next without acknowledgement):api/dashboard/assets/subject_notes-DAUz7yCU.js
>>>>>>> 7b11cf6c (Send alarms to whoever is on duty, and to the next without acknowledgement):api/dashboard/assets/subject_notes-oSCQKX20.js
