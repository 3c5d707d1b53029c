-- crm_activity_day counts crm_activity by day and person: activities without notes and automatic entries.
WITH {{template "people"}},
done AS (
  SELECT month, owner, SUM(activities) AS n
  FROM crm_activity_day
  WHERE source = {{source}} AND month BETWEEN {{first}} AND {{last}}
  GROUP BY month, owner
),
counted AS (
  SELECT d.month AS month, m.team AS team, SUM(d.n) AS n
  FROM done d LEFT JOIN member m ON m.id = d.owner
  GROUP BY d.month, m.team
)
SELECT month, team, n AS numerator, 1 AS denominator, n FROM counted WHERE team IS NOT NULL
UNION ALL SELECT month, '', SUM(n), 1, SUM(n) FROM counted GROUP BY month
