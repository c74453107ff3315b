<<<<<<<< HEAD:api/dashboard/assets/empty-DAoVx_BC.js
import{b as e}from"./unique_id-BKUsXOfS.js";function t({text:t,link:n,children:r}){return e(`div`,{class:`empty-place`,children:[e(`p`,{children:t}),n?e(`a`,{class:`button`,href:n.href,children:n.text}):null,r]})}export{t};
========
import{b as e}from"./unique_id-nkxFKITr.js";function t({text:t,link:n,children:r}){return e(`div`,{class:`empty-place`,children:[e(`p`,{children:t}),n?e(`a`,{class:`button`,href:n.href,children:n.text}):null,r]})}export{t};
>>>>>>>> 47faf006 (Send alarms to whoever is on duty, and to the next without acknowledgement):api/dashboard/assets/empty-BQ0aJ_R6.js
