WITH {{template "people"}},
counted AS (
  SELECT l.opened_month AS month, m.team AS team, COUNT(*) AS leads,
    SUM(CASE WHEN l.converted_day IS NOT NULL OR l.opportunity <> '' THEN 1 ELSE 0 END) AS converted,
    SUM(CASE WHEN l.first_reply_at IS NOT NULL THEN 1 ELSE 0 END) AS answered,
    SUM(CASE WHEN l.origin <> '' THEN 1 ELSE 0 END) AS with_origin
  FROM crm_lead l LEFT JOIN member m ON m.id = l.owner
  WHERE l.source = {{source}} AND l.opened_month BETWEEN {{first}} AND {{last}} AND l.deleted_at IS NULL AND l.merged_into IS NULL
  GROUP BY l.opened_month, m.team
),
per AS (
  SELECT month, team, leads, converted, answered, with_origin FROM counted WHERE team IS NOT NULL
  UNION ALL
  SELECT month, '', SUM(leads), SUM(converted), SUM(answered), SUM(with_origin) FROM counted GROUP BY month
)
SELECT month, team, leads AS numerator, 1 AS denominator, leads AS n, 'leads' AS figure FROM per
UNION ALL SELECT month, team, converted, leads, leads, 'lead_conversion' FROM per
UNION ALL SELECT month, team, answered, leads, leads, 'lead_answered' FROM per
UNION ALL SELECT month, team, with_origin, leads, leads, 'complete_lead_origin' FROM per
