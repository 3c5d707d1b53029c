-- How many won deals took how many days; the median and its interval are order statistics of these counts.
WITH {{template "people"}},
counted AS (
  SELECT o.closed_month AS month, m.team AS team, o.closed_day - o.opened_day AS days, COUNT(*) AS n
  FROM crm_opportunity o LEFT JOIN member m ON m.id = o.owner
  WHERE o.source = {{source}} AND o.closed_month BETWEEN {{first}} AND {{last}} AND o.category = 'won' AND o.closed_day >= o.opened_day
    AND o.deleted_at IS NULL AND o.merged_into IS NULL
  GROUP BY o.closed_month, m.team, o.closed_day - o.opened_day
)
SELECT month, team, days AS numerator, 1 AS denominator, n FROM counted WHERE team IS NOT NULL
UNION ALL SELECT month, '', days, 1, SUM(n) FROM counted GROUP BY month, days
