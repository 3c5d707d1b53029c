-- Minutes from opening to the first reply. Leads without one have waited until the end of the last day and count as waiting (0).
WITH {{template "people"}},
waited AS (
  SELECT l.opened_month AS month, m.team AS team, CASE WHEN l.first_reply_at IS NULL THEN 0 ELSE 1 END AS outcome,
    {{div (printf "(COALESCE(l.first_reply_at, (%s + 1) * 86400000000) - l.opened_at)" today) "60000000"}} AS age
  FROM crm_lead l LEFT JOIN member m ON m.id = l.owner
  WHERE l.source = {{source}} AND l.opened_month BETWEEN {{first}} AND {{last}} AND l.deleted_at IS NULL AND l.merged_into IS NULL
    AND COALESCE(l.first_reply_at, ({{today}} + 1) * 86400000000) >= l.opened_at
),
counted AS (SELECT month, team, age, outcome, COUNT(*) AS n FROM waited GROUP BY month, team, age, outcome)
SELECT month, team, age AS numerator, outcome AS denominator, n FROM counted WHERE team IS NOT NULL
UNION ALL SELECT month, '', age, outcome, SUM(n) FROM counted GROUP BY month, age, outcome
